// The exposes of a configuration as lists to search in, made as far as somebody looks.

import type { Config, Expose, Manifest, Peering } from "../../../config/model.ts";
import type { Decision } from "../../../gateway/outcome.ts";
import type { PrefixPorts } from "../../../wire/prefix-ports.ts";

/** One entry of an expose, and whose it is. */
export interface Offer {
  readonly peering: Peering;
  readonly side: Manifest;
  readonly expose: Expose;
  readonly entry: PrefixPorts;
}

/** What hosts of the VPC may address: what the other sides of its peerings show, and where a side
 * has hairpin its own public addresses. */
export function destinationsOf(config: Config, vpc: string): Iterable<Offer> {
  const fits = (peering: Peering, side: Manifest) =>
    isAcross(peering, side, vpc) || (side.vpc === vpc && side.hairpin);
  return offers(config, fits, (expose, side) =>
    side.vpc !== vpc || expose.kind === "nat" ? publicsOf(expose) : [],
  );
}

/** As what the VPC's own hosts know themselves, in one peering or all. */
export function sourcesOf(
  config: Config,
  vpc: string,
  peering: string | undefined,
): Iterable<Offer> {
  const fits = ({ name }: Peering, side: Manifest) =>
    side.vpc === vpc && (peering === undefined || peering === name);
  return offers(config, fits, privatesOf);
}

/** As what hosts across know themselves: nobody reaches them by these where there is NAT. */
export function hiddenFrom(config: Config, vpc: string): Iterable<Offer> {
  const translated = (expose: Expose) => (expose.kind === "nat" ? expose.privates : []);
  return offers(config, (peering, side) => isAcross(peering, side, vpc), translated);
}

/** What VPCs show to others than this one. */
export function elsewhere(config: Config, vpc: string): Iterable<Offer> {
  const foreign = ({ sides }: Peering, side: Manifest) =>
    side.vpc !== vpc && !sides.some((each) => each.vpc === vpc);
  return offers(config, foreign, publicsOf);
}

export function decisionOf({ expose, side }: Offer): Decision {
  return { label: `expose ${expose.index} of ${side.vpc}`, place: expose.place };
}

export function publicsOf(expose: Expose): readonly PrefixPorts[] {
  if (expose.kind === "default") return [];
  return expose.kind === "plain" ? expose.privates : expose.publics;
}

function privatesOf(expose: Expose): readonly PrefixPorts[] {
  return expose.kind === "default" ? [] : expose.privates;
}

function isAcross({ sides }: Peering, side: Manifest, vpc: string): boolean {
  return side.vpc !== vpc && sides.some((each) => each.vpc === vpc);
}

function* offers(
  config: Config,
  fits: (peering: Peering, side: Manifest) => boolean,
  entriesOf: (expose: Expose, side: Manifest) => readonly PrefixPorts[],
): Iterable<Offer> {
  for (const peering of config.peerings) {
    for (const side of peering.sides.filter((each) => fits(peering, each))) {
      for (const expose of side.exposes) {
        for (const entry of entriesOf(expose, side)) yield { peering, side, expose, entry };
      }
    }
  }
}
