// Rules across peerings: what different peers offer to one VPC must be told apart by its address.

import { formatPrefix, type Prefix } from "../wire/prefix.ts";
import { formatPrefixPorts, type PrefixPorts } from "../wire/prefix-ports.ts";
import type { ExposeMode } from "./expose-mode.ts";
import type { Expose, Manifest } from "./model.ts";
import { overlaps } from "./overlap.ts";
import type { ParsedPeering } from "./parse-peerings.ts";
import type { Reporter } from "./report.ts";

/** One prefix that a VPC can send to. */
interface Route {
  readonly entry: PrefixPorts;
  readonly expose: Expose;
  readonly peer: string;
  readonly group: string;
  readonly at: Reporter;
}

export function checkRoutes(
  peerings: readonly ParsedPeering[],
  modes: readonly ExposeMode[],
): void {
  for (const [vpc, routes] of routesOf(peerings)) {
    checkDefaults(vpc, routes);
    checkOverlaps(vpc, routes, modes);
  }
}

const DEFAULT_ROUTES: readonly Prefix[] = [
  { family: 4, network: 0n, length: 0 },
  { family: 6, network: 0n, length: 0 },
];

/** By VPC: everything its peers expose to it. */
function routesOf(peerings: readonly ParsedPeering[]): Map<string, Route[]> {
  const result = new Map<string, Route[]>();
  for (const { peering, group, at } of peerings) {
    if (at.at("peering").tainted) continue;
    const [left, right] = peering.sides;
    for (const [own, remote] of [
      [left, right],
      [right, left],
    ] as const) {
      const routes = result.get(own.vpc) ?? [];
      result.set(own.vpc, routes);
      for (const expose of remote.exposes) {
        const here = at.at("peering", remote.vpc, "expose", expose.index - 1);
        for (const entry of destinations(expose)) {
          routes.push({ entry, expose, peer: remote.vpc, group, at: here });
        }
      }
      if (own.hairpin) routes.push(...hairpinRoutes(own, remote, group, at));
    }
  }
  return result;
}

/** What the VPC itself has for its own hosts. */
function hairpinRoutes(own: Manifest, remote: Manifest, group: string, at: Reporter): Route[] {
  const peer = `${own.vpc} (as ${remote.vpc} sees it)`;
  return own.exposes.flatMap((expose) => {
    if (expose.kind !== "nat") return [];
    const here = at.at("peering", own.vpc, "hairpin");
    return expose.publics.map((entry) => ({ entry, expose, peer, group, at: here }));
  });
}

function destinations(expose: Expose): readonly PrefixPorts[] {
  if (expose.kind === "default") return DEFAULT_ROUTES.map((prefix) => ({ prefix }));
  return expose.kind === "nat" ? expose.publics : expose.privates;
}

function checkDefaults(vpc: string, routes: readonly Route[]): void {
  const defaults = routes.filter(
    ({ expose, entry }) => expose.kind === "default" && entry.prefix.family === 4,
  );
  const [first, ...more] = defaults;
  for (const route of more) {
    const message = `${vpc} has two default destinations: ${first?.peer} and ${route.peer}.`;
    const hint = "Keep one; a packet can have only one default way.";
    route.at.say("peering/several-default-destinations", message, hint, first?.expose);
  }
}

function checkOverlaps(vpc: string, routes: readonly Route[], modes: readonly ExposeMode[]): void {
  const answersOnly = ({ expose }: Route) =>
    expose.kind === "nat" && modes.find(({ name }) => name === expose.mode)?.canReceive === false;
  for (const [a, b] of overlaps(routes, (x, y) => x.peer !== y.peer)) {
    const oneDefault = (a.expose.kind === "default") !== (b.expose.kind === "default");
    const allowed = oneDefault || (answersOnly(a) && answersOnly(b));
    if (a.expose.kind === "default" && b.expose.kind === "default") continue;
    if (!allowed) {
      const message = `To ${vpc}, ${b.peer} exposes ${formatPrefixPorts(b.entry)}, which overlaps ${formatPrefixPorts(a.entry)} of ${a.peer}.`;
      const hint = `Expose other public addresses to ${vpc} on one of the two.`;
      b.at.say("peering/overlap-between-peers", message, hint, a.expose);
    } else if (a.group !== b.group) {
      const message = `To ${vpc}, ${formatPrefix(a.entry.prefix)} of ${a.peer} and ${formatPrefix(b.entry.prefix)} of ${b.peer} overlap, but belong to gateway groups "${a.group}" and "${b.group}".`;
      const hint = "Put both peerings into one gateway group.";
      b.at.say("peering/overlap-across-groups", message, hint, a.expose);
    }
  }
}
