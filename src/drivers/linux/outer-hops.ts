// The way to remote VTEPs over the underlay: the MAC addresses that go in front of VXLAN packets.
// The kernel's routes say which neighbor is next, and its neighbor table which MAC address it has.
// As the kernel sends nothing there itself, it is asked to find neighbors and to keep them fresh.
//
// Routes are not kept up to date one by one, since some change without a word: when one that leads
// to a VTEP changes, or the underlay's link or an address does, all are read again.

import type { Millis } from "../../base/clock.ts";
import { formatIpAddress, type IpAddress, sameIpAddress } from "../../wire/ip-address.ts";
import { sameBytes, sameLink } from "./links.ts";
import { NeighborAsker } from "./neighbor-asker.ts";
import type { Change, Link, Neighbor, NeighborState } from "./network-facts.ts";
import { leadsToOne, type OuterRoute, outerRoute } from "./outer-route.ts";
import type { Rtnetlink } from "./rtnetlink.ts";

/** Of the frames that carry a tunnel; six bytes each. */
export interface OuterHop {
  readonly sourceMac: Uint8Array;
  readonly destinationMac: Uint8Array;
}

interface KnownHop extends OuterHop {
  readonly vtep: IpAddress;
}

/** What of Rtnetlink is used. It must be nobody else's: a change is told once. */
export type NetworkTeller = Pick<Rtnetlink, "fd" | "dump" | "changes" | "resolve">;

/** In which a neighbor's MAC address may be used. */
const USABLE: ReadonlySet<NeighborState> = new Set(["reachable", "stale", "permanent"]);
/** In which the kernel need not be asked. */
const FRESH: ReadonlySet<NeighborState> = new Set(["reachable", "permanent"]);

export class OuterHops {
  /** Readable when there are changes. Call `poll` then, and about once a second in any case: the
   * kernel is asked for what is missing only by it. */
  readonly fd: number;
  readonly #netlink: NetworkTeller;
  readonly #name: string;
  readonly #asker: NeighborAsker;
  // Addresses are keys by their text.
  #wanted: ReadonlyMap<string, IpAddress> = new Map();
  #underlay: Link | undefined;
  #own: readonly IpAddress[] = [];
  /** Of those wanted. */
  #routes: ReadonlyMap<string, OuterRoute> = new Map();
  /** At the underlay's link. */
  #neighbors = new Map<string, Neighbor>();
  #hops: ReadonlyMap<string, KnownHop>;
  /** Neighbors that the kernel is to find, or to look at again. */
  #missing: ReadonlyMap<string, IpAddress> = new Map();
  /** All must be read again; or what was found must be looked up again. */
  #unread = true;
  #unsettled = true;

  /** `name` is the underlay's interface, which need not be there yet. `before` has told what was so
   * until now: what is the same is not told again, and what is no more is. */
  constructor(netlink: NetworkTeller, name: string, before?: OuterHops) {
    this.#hops = before === undefined ? new Map() : before.#hops;
    this.fd = netlink.fd;
    this.#netlink = netlink;
    this.#name = name;
    this.#asker = new NeighborAsker((address) => {
      if (this.#underlay !== undefined) netlink.resolve(this.#underlay.index, address);
    });
  }

  /** From the next `poll` on these VTEPs (IPv4) and no others. */
  want(vteps: Iterable<IpAddress>): void {
    this.#wanted = new Map(Array.from(vteps, (vtep) => [formatIpAddress(vtep), vtep]));
    this.#unread = true;
  }

  /** Hears what has changed, and has the kernel find neighbors that are missing or old. Returns the
   * VTEPs whose `hop` is another now, also those no longer wanted. Throws a SystemError when the
   * kernel does not tell; the next call tries again. */
  poll(now: Millis): readonly IpAddress[] {
    const { changes, askAgain } = this.#netlink.changes();
    this.#unread ||= askAgain;
    for (const change of changes) this.#take(change);
    if (this.#unread) this.#readAll();
    const changed = this.#unsettled ? this.#settle() : [];
    this.#asker.ask(this.#missing, now);
    return changed;
  }

  /** As of the last `poll`. */
  hop(vtep: IpAddress): OuterHop | undefined {
    return this.#hops.get(formatIpAddress(vtep));
  }

  /** Why there is no hop, a sentence; undefined when there is one. */
  why(vtep: IpAddress): string | undefined {
    const text = formatIpAddress(vtep);
    if (this.#hops.has(text)) return undefined;
    const route = this.#routes.get(text);
    if (route === undefined) return this.#whyNoUnderlay() ?? `${text} has not been looked for yet`;
    if (route.via === undefined) return route.why;
    const neighbor = formatIpAddress(route.via);
    const failed = this.#neighbors.get(neighbor)?.state === "failed";
    const why = `the neighbor ${neighbor} at ${this.#name} ${failed ? "does not answer" : "is being looked for"}`;
    const { refused } = this.#asker;
    return refused === undefined ? why : `${why} (${refused.message})`;
  }

  /** Longest IP packet of the underlay's interface, in bytes; 0 while it is not there. */
  get mtu(): number {
    return this.#underlay?.mtu ?? 0;
  }

  /** Whether the underlay's interface is there, switched on, and connected. */
  get up(): boolean {
    return this.#underlay?.running ?? false;
  }

  /** Why nobody can send to `vtep`, a sentence; undefined when it is an address of this machine. */
  whyNotOwn(vtep: IpAddress): string | undefined {
    if (this.#own.some((own) => sameIpAddress(own, vtep))) return undefined;
    return `${formatIpAddress(vtep)}, the VTEP, is not an address of this machine`;
  }

  #whyNoUnderlay(): string | undefined {
    const link = this.#underlay;
    if (link === undefined) return `there is no interface ${this.#name}`;
    if (link.mac.length !== 6) return `${this.#name} carries no Ethernet frames`;
    if (!link.up) return `${this.#name} is switched off`;
    return link.running ? undefined : `${this.#name} is connected to nothing that is on`;
  }

  #take({ fact, gone }: Change): void {
    switch (fact.kind) {
      case "link":
        this.#unread ||= this.#isNews(fact, gone);
        break;
      case "address":
        this.#unread ||= fact.address.family === 4;
        break;
      case "route":
        this.#unread ||= leadsToOne(fact, this.#wanted.values());
        break;
      case "neighbor":
        if (fact.link !== this.#underlay?.index) break;
        if (gone) this.#neighbors.delete(formatIpAddress(fact.address));
        else this.#neighbors.set(formatIpAddress(fact.address), fact);
        this.#unsettled = true;
        break;
      default:
        fact satisfies never;
    }
  }

  /** Whether it changes the underlay. */
  #isNews(link: Link, gone: boolean): boolean {
    const known = this.#underlay;
    if (link.index !== known?.index) return !gone && link.name === this.#name;
    return gone || !sameLink(link, known);
  }

  #readAll(): void {
    const { links, addresses, routes, neighbors } = this.#netlink.dump();
    const underlay = links.find(({ name }) => name === this.#name);
    this.#underlay = underlay;
    this.#own = addresses.map(({ address }) => address);
    this.#neighbors = new Map();
    for (const neighbor of neighbors) {
      if (neighbor.link !== underlay?.index) continue;
      this.#neighbors.set(formatIpAddress(neighbor.address), neighbor);
    }
    this.#routes = new Map();
    if (underlay !== undefined && this.#whyNoUnderlay() === undefined) {
      const vteps = [...this.#wanted.values()];
      const leading = routes.filter((route) => leadsToOne(route, vteps));
      this.#routes = new Map(
        Array.from(this.#wanted, ([text, vtep]) => [
          text,
          outerRoute(vtep, leading, links, underlay),
        ]),
      );
    }
    this.#unread = false;
    this.#unsettled = true;
  }

  /** Finds the hops anew; returns whose have changed. */
  #settle(): IpAddress[] {
    const before = this.#hops;
    const hops = new Map<string, KnownHop>();
    const missing = new Map<string, IpAddress>();
    for (const [text, { vtep, via }] of this.#routes) {
      if (via === undefined || this.#underlay === undefined) continue;
      const neighborText = formatIpAddress(via);
      const neighbor = this.#neighbors.get(neighborText);
      if (neighbor === undefined || !FRESH.has(neighbor.state)) missing.set(neighborText, via);
      if (neighbor === undefined || !USABLE.has(neighbor.state)) continue;
      if (neighbor.mac.length !== 6) continue;
      hops.set(text, { vtep, sourceMac: this.#underlay.mac, destinationMac: neighbor.mac });
    }
    this.#hops = hops;
    this.#missing = missing;
    this.#unsettled = false;
    const gone = [...before].filter(([text]) => !hops.has(text));
    const other = [...hops].filter(([text, hop]) => !sameHop(hop, before.get(text)));
    return [...gone, ...other].map(([, { vtep }]) => vtep);
  }
}

function sameHop(a: OuterHop, b: OuterHop | undefined): boolean {
  return (
    b !== undefined &&
    sameBytes(a.sourceMac, b.sourceMac) &&
    sameBytes(a.destinationMac, b.destinationMac)
  );
}
