// Which way the kernel's routes send a packet to a VTEP: as the kernel looks them up without policy
// rules, the table of its own addresses first, then the main one (ip-rule(8)).

import { formatIpAddress, type IpAddress } from "../../wire/ip-address.ts";
import { containsAddress, formatPrefix } from "../../wire/prefix.ts";
import type { Link, NextHop, Route } from "./network-facts.ts";

/** Over the underlay to the neighbor `via`, which may be the VTEP; or why not, a sentence. */
export type OuterRoute = { readonly vtep: IpAddress } & (
  | { readonly via: IpAddress; readonly why: undefined }
  | { readonly via: undefined; readonly why: string }
);

const LOCAL = 255;
const MAIN = 254;

/** Whether the routes to `vteps` may depend on it. */
export function leadsToOne({ table, destination }: Route, vteps: Iterable<IpAddress>): boolean {
  if (table !== LOCAL && table !== MAIN) return false;
  for (const vtep of vteps) if (containsAddress(destination, vtep)) return true;
  return false;
}

/** `routes` in the kernel's order: of equal ones the first counts. `underlay` is one of `links`. */
export function outerRoute(
  vtep: IpAddress,
  routes: readonly Route[],
  links: readonly Link[],
  underlay: Link,
): OuterRoute {
  const to = formatIpAddress(vtep);
  const route = bestRoute(vtep, routes);
  if (route === undefined) return not(vtep, `no route leads to ${to}`);
  const by = `the route to ${to}, ${formatPrefix(route.destination)},`;
  if (route.type === "local") return not(vtep, `${to} is an address of this machine`);
  if (route.type !== "unicast") return not(vtep, `${by} leads nowhere: ${route.type}`);
  const hops = route.hops.filter(({ link }) => link === underlay.index);
  if (hops.length === 0) {
    const names = route.hops.map((hop) => nameOf(hop, links));
    const instead = [...new Set(names)].join(" and ");
    return not(vtep, `${by} goes by ${instead || "no interface"} and not by ${underlay.name}`);
  }
  const hop = hops.find(({ dead }) => !dead);
  if (hop === undefined) return not(vtep, `${by} has no hop by ${underlay.name} that is alive`);
  return { vtep, via: hop.gateway ?? vtep, why: undefined };
}

function not(vtep: IpAddress, why: string): OuterRoute {
  return { vtep, via: undefined, why };
}

function nameOf({ link }: NextHop, links: readonly Link[]): string {
  return links.find(({ index }) => index === link)?.name ?? `interface ${link}`;
}

function bestRoute(vtep: IpAddress, routes: readonly Route[]): Route | undefined {
  let best: Route | undefined;
  for (const route of routes) {
    if (!leadsToOne(route, [vtep])) continue;
    if (best === undefined || isBetter(route, best)) best = route;
  }
  return best;
}

function isBetter(a: Route, b: Route): boolean {
  if (a.table !== b.table) return a.table === LOCAL;
  if (a.destination.length !== b.destination.length) {
    return a.destination.length > b.destination.length;
  }
  return a.metric < b.metric;
}
