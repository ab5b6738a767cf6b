// What a configuration makes of links and routes. Links keep their numbers from one configuration
// to the next, so that their neighbors stay known.

import type { Config, Expose, StaticRoute } from "../config/model.ts";
import { bits, type IpAddress, sameIpAddress } from "../wire/ip-address.ts";
import {
  addressCount,
  containsAddress,
  lastAddress,
  type Prefix,
  prefixOf,
} from "../wire/prefix.ts";
import { type Link, linksOf, type TunnelLink, vtepNumber } from "./link.ts";
import type { Neighbors } from "./neighbors.ts";
import { exposesOf, publicsTowards } from "./publics.ts";

/** Where packets to a prefix go: to the address itself on a link, or to one neighbor (an entry of
 * the neighbor table); `link` -1: nowhere. */
export interface RouteEntry {
  readonly prefix: Prefix;
  readonly link: number;
  readonly neighbor: number;
}

/** Of one configuration, by VPC name. */
export interface Ways {
  readonly routes: ReadonlyMap<string, readonly RouteEntry[]>;
  /** The gateway's own addresses, by VPC. */
  readonly own: ReadonlyMap<string, readonly OwnAddress[]>;
}

export interface OwnAddress {
  readonly prefix: Prefix;
  /** Those that it shares the address with. */
  readonly exposes: readonly Expose[];
}

/** Public addresses that are announced one by one, at most, on a link. */
const SINGLES_MAX = 256;
const EVERYTHING: readonly Prefix[] = [
  { family: 4, network: 0n, length: 0 },
  { family: 6, network: 0n, length: 0 },
];

interface Planned {
  readonly links: Map<string, Link>;
  readonly publics: Map<string, readonly Prefix[]>;
  readonly pinned: Set<number>;
  readonly byNumber: Map<number, Link>;
}

function newPlan(): Planned {
  return { links: new Map(), publics: new Map(), pinned: new Set(), byNumber: new Map() };
}

export class Plan {
  readonly #neighbors: Neighbors;
  readonly #numbers = new Map<string, number>();
  #next = 0;
  #current = newPlan();
  #prepared: Planned | undefined;

  constructor(neighbors: Neighbors) {
    this.#neighbors = neighbors;
  }

  links(): readonly Link[] {
    return [...this.#current.links.values()];
  }

  link(index: number): Link | undefined {
    return this.#current.byNumber.get(index);
  }

  indexOf({ key }: Link): number {
    return this.#numberOf(key);
  }

  publicsOf({ key }: Link): readonly Prefix[] {
    return this.#current.publics.get(key) ?? [];
  }

  singlePublicsOf(link: Link): readonly IpAddress[] {
    return this.publicsOf(link)
      .filter((prefix) => addressCount(prefix) === 1n)
      .map(({ family, network }) => ({ family, value: network }))
      .filter((address) => link.addresses.some(({ network }) => containsAddress(network, address)))
      .slice(0, SINGLES_MAX);
  }

  prepare(config: Config, now: number): Ways {
    const planned = newPlan();
    const routes = new Map<string, RouteEntry[]>();
    const own = new Map<string, OwnAddress[]>();
    for (const { name } of config.vpcs) {
      routes.set(name, []);
      own.set(name, []);
    }
    const note = (vpc: string, address: IpAddress) => {
      const prefix = hostPrefix(address);
      own.get(vpc)!.push({ prefix, exposes: exposesOf(config, vpc, prefix) });
    };
    for (const link of linksOf(config)) {
      const networks = link.addresses.map(({ network }) => network);
      planned.links.set(link.key, link);
      const owns = ownAmong(config, link);
      planned.publics.set(link.key, [...owns, ...publicsTowards(config, link.vpc, networks)]);
      routes.get(link.vpc)!.push(...this.#connected(link));
      for (const prefix of owns) routes.get(link.vpc)!.push({ link: -1, neighbor: -1, prefix });
      for (const { address } of link.addresses) note(link.vpc, address);
    }
    for (const route of config.routes) {
      const entry = this.#static(route, config, planned, now);
      if (entry) routes.get(route.vpc)!.push(entry);
    }
    for (const { name, remote, vni, addresses } of config.vpcs) {
      for (const address of addresses) note(name, address);
      if (remote === undefined) continue;
      const link = tunnelLink(name, vni, remote);
      const through = this.#through(link, remote.vtep, planned, now);
      const covered = routes.get(name)!.map(({ prefix }) => prefix);
      for (const prefix of through === undefined ? [] : EVERYTHING) {
        if (covered.some(({ family, length }) => length === 0 && family === prefix.family))
          continue;
        routes.get(name)!.push({ ...through!, prefix });
      }
    }
    for (const link of planned.links.values()) planned.byNumber.set(this.indexOf(link), link);
    this.#prepared = planned;
    return { routes, own };
  }

  /** The prepared plan is the current one now; numbers of links that are no more. */
  commit(): number[] {
    const planned = this.#prepared;
    if (planned === undefined) return [];
    const gone = [...this.#current.links.keys()].filter((key) => !planned.links.has(key));
    const numbers = gone.map((key) => this.#numberOf(key));
    for (const key of gone) this.#numbers.delete(key);
    for (const neighbor of this.#neighbors.all()) {
      neighbor.pinned = planned.pinned.has(neighbor.entry);
    }
    this.#current = planned;
    this.#prepared = undefined;
    return numbers;
  }

  /** The network itself, but for the addresses that no host has (RFC 2644; RFC 3021). */
  #connected(link: Link): RouteEntry[] {
    const index = this.indexOf(link);
    return link.addresses.flatMap(({ network, address }) => {
      const nobody = [{ family: network.family, value: network.network }, address];
      if (network.family === 4) nobody.push({ family: 4, value: lastAddress(network) });
      const small = bits(network.family) - network.length < 2;
      const none = { link: -1, neighbor: -1 };
      const holes = (small ? [address] : nobody).map((each) => ({
        ...none,
        prefix: hostPrefix(each),
      }));
      return [{ prefix: network, link: index, neighbor: -1 }, ...holes];
    });
  }

  #static(route: StaticRoute, config: Config, planned: Planned, now: number) {
    const { hop, vpc, to: prefix } = route;
    if (hop.kind === "tunnel") {
      const { vni } = config.vpcs.find(({ name }) => name === vpc)!;
      const through = this.#through(tunnelLink(vpc, vni, hop), hop.vtep, planned, now);
      return through && { ...through, prefix };
    }
    const link = [...planned.links.values()].find(
      (each) =>
        each.vpc === vpc && each.addresses.some(({ network }) => containsAddress(network, hop.via)),
    );
    const through = link && this.#through(link, hop.via, planned, now);
    return through && { ...through, prefix };
  }

  /** By a neighbor that stays. */
  #through(link: Link, address: IpAddress, planned: Planned, now: number) {
    planned.links.set(link.key, planned.links.get(link.key) ?? link);
    const index = this.indexOf(link);
    const neighbor = this.#neighbors.pin(index, address, now);
    if (neighbor === undefined) return undefined;
    planned.pinned.add(neighbor.entry);
    return { link: index, neighbor: neighbor.entry };
  }

  #numberOf(key: string): number {
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.#next);
    return this.#next++;
  }
}

function tunnelLink(
  vpc: string,
  vni: number,
  { vtep, routerMac }: { readonly vtep: IpAddress; readonly routerMac: Uint8Array },
): TunnelLink {
  const key = `${vpc} through ${vtep.value} ${routerMac}`;
  return { kind: "tunnel", key, vpc, addresses: [], vni, vtep: vtepNumber(vtep), routerMac };
}

/** The VPC's addresses of the gateway that hosts on the link take for neighbors. */
function ownAmong(config: Config, link: Link): Prefix[] {
  const { addresses } = config.vpcs.find(({ name }) => name === link.vpc)!;
  const isAmong = (address: IpAddress) =>
    link.addresses.some(({ network }) => containsAddress(network, address)) &&
    !link.addresses.some((own) => sameIpAddress(own.address, address));
  return addresses.filter(isAmong).map(hostPrefix);
}

function hostPrefix(address: IpAddress): Prefix {
  return prefixOf(address, bits(address.family));
}
