// Interfaces that somebody depends on, by name: whether they are there, on and connected, and their
// MAC address and MTU, as they change.

import type { Link } from "./network-facts.ts";
import type { Rtnetlink } from "./rtnetlink.ts";

/**
 * `appeared`: there is one of that name, which was not there before, or another was (it has a new
 * index). `vanished`: it was deleted, renamed or moved to another namespace; `link` is as it was
 * last. `up` and `down`: it can carry frames or no longer, being switched or for what it is
 * connected to; "appeared" says that by `link.running`. `mac`, `mtu`: has another.
 */
export interface LinkEvent {
  readonly interface: string;
  readonly what: "appeared" | "vanished" | "up" | "down" | "mac" | "mtu";
  /** As it is after the change. */
  readonly link: Link;
}

/** What of Rtnetlink is used. It must be nobody else's: a change is told once. */
export type LinkTeller = Pick<Rtnetlink, "fd" | "links" | "changes">;

export class Links {
  /** Readable when `poll` may have something to tell. */
  readonly fd: number;
  readonly #netlink: LinkTeller;
  readonly #names: ReadonlySet<string>;
  readonly #known = new Map<string, Link>();

  /** `names` need not be there. What is there already is told by `get`, and by no event. Throws a
   * SystemError. */
  constructor(netlink: LinkTeller, names: Iterable<string>) {
    this.fd = netlink.fd;
    this.#netlink = netlink;
    this.#names = new Set(names);
    this.#compare(netlink.links());
  }

  /** As of the last `poll`; undefined when there is none. */
  get(name: string): Link | undefined {
    return this.#known.get(name);
  }

  /** What has happened since the last time, in order; what went and came back both. When the kernel
   * has lost count, what is different. Throws a SystemError. */
  poll(): readonly LinkEvent[] {
    const { changes, askAgain } = this.#netlink.changes();
    const events: LinkEvent[] = [];
    for (const { fact, gone } of changes) {
      if (fact.kind === "link") events.push(...(gone ? this.#forget(fact) : this.#learn(fact)));
    }
    if (askAgain) events.push(...this.#compare(this.#netlink.links()));
    return events;
  }

  #compare(links: readonly Link[]): LinkEvent[] {
    const there = new Set(links.map(({ index }) => index));
    const lost = [...this.#known.values()].filter(({ index }) => !there.has(index));
    return [
      ...lost.flatMap((link) => this.#forget(link)),
      ...links.flatMap((link) => this.#learn(link)),
    ];
  }

  /** That index is not there any more, or has another name. */
  #forget({ index }: Link): LinkEvent[] {
    const link = [...this.#known.values()].find((each) => each.index === index);
    if (link === undefined) return [];
    this.#known.delete(link.name);
    return [{ interface: link.name, what: "vanished", link }];
  }

  #learn(link: Link): LinkEvent[] {
    const before = this.#known.get(link.name);
    if (before?.index === link.index) {
      this.#known.set(link.name, link);
      return differences(before, link);
    }
    const events = this.#forget(link);
    if (!this.#names.has(link.name)) return events;
    if (before !== undefined) events.push(...this.#forget(before));
    this.#known.set(link.name, link);
    return [...events, { interface: link.name, what: "appeared", link }];
  }
}

/** In the order in which they matter: what is down carries nothing. */
function differences(before: Link, link: Link): LinkEvent[] {
  const whats: LinkEvent["what"][] = [];
  if (before.running && !link.running) whats.push("down");
  if (!sameBytes(before.mac, link.mac)) whats.push("mac");
  if (before.mtu !== link.mtu) whats.push("mtu");
  if (!before.running && link.running) whats.push("up");
  return whats.map((what) => ({ interface: link.name, what, link }));
}

/** Whether nothing that is told of them differs. */
export function sameLink(a: Link, b: Link): boolean {
  return (
    a.index === b.index &&
    a.name === b.name &&
    a.mtu === b.mtu &&
    a.up === b.up &&
    a.running === b.running &&
    sameBytes(a.mac, b.mac)
  );
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
