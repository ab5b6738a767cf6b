// Exposes that cover the same destinations for the hosts of one VPC. Of two that take packets which
// nobody asked for, the longer prefix does; one that only takes answers leaves them to any other.

import type { Config, Expose, Manifest } from "../../config/model.ts";
import { overlaps } from "../../config/overlap.ts";
import { natModes } from "../../nat/modes.ts";
import { parsePrefix } from "../../wire/prefix.ts";
import { formatPrefixPorts, type PrefixPorts } from "../../wire/prefix-ports.ts";
import type { Work } from "../work.ts";
import { exposeName } from "./names.ts";
import type { Shadow } from "./report.ts";

interface Offer {
  readonly entry: PrefixPorts;
  readonly expose: Expose;
  readonly side: Manifest;
}

/** Those told of, at most. */
const SHADOWS_MAX = 1000;
/** Pairs found without a pause. */
const PAIRS = 64;
const EVERYTHING = ["0.0.0.0/0", "::/0"].map(
  (text): PrefixPorts => ({
    prefix: parsePrefix(text)!,
  }),
);

/** Those of `config` that `before` has not. */
export function* newShadows(before: Config | undefined, config: Config): Work<Shadow[]> {
  const old = before ? yield* shadows(before) : [];
  const known = new Set(old.map(keyOf));
  const all = yield* shadows(config);
  return all.filter((shadow) => !known.has(keyOf(shadow))).slice(0, SHADOWS_MAX);
}

/** Two of one key are the same to a host. */
function keyOf({ from, addresses, protocol, winner, loser }: Shadow): string {
  return JSON.stringify([from, addresses, protocol, winner.label, loser.label]);
}

function* shadows(config: Config): Work<Shadow[]> {
  const result: Shadow[] = [];
  for (const { name } of config.vpcs) {
    yield;
    let pairs = 0;
    for (const [a, b] of overlaps(offersTo(name, config), (x, y) => x.expose !== y.expose)) {
      if (++pairs % PAIRS === 0) yield;
      const shadow = compare(name, a, b);
      if (shadow) result.push(shadow);
    }
  }
  return result;
}

/** What its hosts may send to. */
function offersTo(vpc: string, { peerings }: Config): Offer[] {
  return peerings.flatMap(({ sides }) =>
    sides
      .filter((_, index) => sides[1 - index]!.vpc === vpc)
      .flatMap((side) =>
        side.exposes.flatMap((expose) =>
          publicsOf(expose).map((entry) => ({ entry, expose, side })),
        ),
      ),
  );
}

function publicsOf(expose: Expose): readonly PrefixPorts[] {
  if (expose.kind === "default") return EVERYTHING;
  return expose.kind === "plain" ? expose.privates : expose.publics;
}

function protocolOf(expose: Expose): number | undefined {
  return expose.kind === "nat" ? expose.protocol : undefined;
}

function receives(expose: Expose): boolean {
  if (expose.kind !== "nat") return true;
  return natModes.some(({ name, canReceive }) => name === expose.mode && canReceive);
}

/** Undefined when the two do not get into each other's way. */
function compare(from: string, a: Offer, b: Offer): Shadow | undefined {
  const [x, y] = [receives(a.expose), receives(b.expose)];
  if (!x && !y) return undefined;
  const protocols = [a, b].map(({ expose }) => protocolOf(expose));
  if (protocols.every((each) => each !== undefined) && protocols[0] !== protocols[1]) return;
  const longer = a.entry.prefix.length >= b.entry.prefix.length;
  const aWins = x === y ? longer : x;
  const [winner, loser] = aWins ? [a, b] : [b, a];
  const { prefix } = longer ? a.entry : b.entry;
  const { ports } = winner.entry;
  return {
    from,
    addresses: formatPrefixPorts(ports === undefined ? { prefix } : { prefix, ports }),
    protocol: protocolOf(winner.expose) ?? null,
    winner: exposeName(winner.expose, winner.side),
    loser: exposeName(loser.expose, loser.side),
  };
}
