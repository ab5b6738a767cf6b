// The addresses that a VPC's hosts reach their peers by: on a link of that VPC the gateway answers
// for them, as nobody else can (RFC 1027; RFC 4861, 7.2.8).

import type { Config, Expose } from "../config/model.ts";
import { type Prefix, prefixesOverlap } from "../wire/prefix.ts";

/** Of those, the ones that could be taken for neighbors on `networks`: parts of one. A prefix with
 * all of a network in it says nothing about who is there, and answering for it would take every
 * host's place. */
export function publicsTowards(
  config: Config,
  vpc: string,
  networks: readonly Prefix[],
): readonly Prefix[] {
  return exposesTowards(config, vpc)
    .flatMap(publicsOf)
    .filter((prefix) => networks.some((network) => isPartOf(network, prefix)));
}

function isPartOf(network: Prefix, part: Prefix): boolean {
  return part.length > network.length && prefixesOverlap(network, part);
}

/** The exposes by which the VPC's hosts reach an address. */
export function exposesOf(config: Config, vpc: string, address: Prefix): readonly Expose[] {
  return exposesTowards(config, vpc).filter((expose) =>
    publicsOf(expose).some((prefix) => prefixesOverlap(prefix, address)),
  );
}

function exposesTowards(config: Config, vpc: string): readonly Expose[] {
  return config.peerings
    .filter(({ sides }) => sides.some((side) => side.vpc === vpc))
    .flatMap(({ sides }) => sides.filter((side) => side.vpc !== vpc || side.hairpin))
    .flatMap(({ exposes }) => exposes);
}

function publicsOf(expose: Expose): Prefix[] {
  if (expose.kind === "default") return [];
  const all = expose.kind === "plain" ? expose.privates : expose.publics;
  return all.map(({ prefix }) => prefix);
}
