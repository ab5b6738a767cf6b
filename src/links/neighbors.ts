// Where the neighbors are: asked for when packets wait for them, confirmed while packets go to
// them, forgotten when none do. One set of rules for ARP and for neighbor discovery, those of RFC
// 4861, 7.3, with one state less: a neighbor not confirmed for a while is asked at its last known
// place first.

import type { NeighborTable } from "../tables/neighbor-table.ts";
import { type IpAddress, readIpAddress } from "../wire/ip-address.ts";

/** How long a neighbor counts as confirmed (RFC 4861, 10: REACHABLE_TIME). */
export const CONFIRMED_MILLIS = 30_000;
/** Between two questions, and how many there are (RETRANS_TIMER, MAX_MULTICAST_SOLICIT). Nothing is
 * due sooner after somebody was asked for or heard. */
export const ASK_MILLIS = 1000;
const ASK_TIMES = 3;
/** How long one that nobody sends to is remembered. */
const FORGET_MILLIS = 600_000;
/** One that a route leads through is asked for again after that time. */
const RETRY_MILLIS = 10_000;

export interface Neighbor {
  readonly entry: number;
  readonly link: number;
  readonly address: IpAddress;
  /** undefined: not known. */
  mac: Uint8Array | undefined;
  /** The VTEP it is behind, in a VNI. */
  vtep: number;
  /** Routes lead through it: it is never forgotten. */
  pinned: boolean;
  /** Questions without an answer; 0 when none is open. */
  asked: number;
  /** When something is due: the next question, the next look. Milliseconds. */
  due: number;
  /** When it was last confirmed, or made. */
  since: number;
}

export interface NeighborEvents {
  /** Send a question about it: to everybody on its link, or where it was last. */
  ask(neighbor: Neighbor): void;
  /** Its place is new, or not known any more: `mac` and `vtep` say. */
  moved(neighbor: Neighbor): void;
  /** It did not answer. */
  lost(neighbor: Neighbor): void;
}

export class Neighbors {
  readonly #table: NeighborTable;
  readonly #events: NeighborEvents;
  readonly #all = new Map<number, Neighbor>();
  readonly #scratch = new DataView(new ArrayBuffer(16));

  constructor(table: NeighborTable, events: NeighborEvents) {
    this.#table = table;
    this.#events = events;
  }

  all(): IterableIterator<Neighbor> {
    return this.#all.values();
  }

  /** Entries are below this. */
  get limit(): number {
    return this.#table.capacity;
  }

  get(entry: number): Neighbor | undefined {
    return this.#all.get(entry);
  }

  get hasFresh(): boolean {
    return this.#table.freshCount > 0;
  }

  /** Those that packets were sent to and nobody knew. */
  takeFresh(now: number): void {
    const { fresh, freshCount } = this.#table;
    this.#table.freshCount = 0;
    this.#table.unknown += freshCount;
    for (let i = 0; i < freshCount; i++) {
      const neighbor = this.#all.get(fresh[i]!) ?? this.#note(fresh[i]!, now);
      if (neighbor.mac === undefined) this.#ask(neighbor, now);
    }
  }

  /** The neighbor that a route leads through, or undefined when there is no room. */
  pin(link: number, address: IpAddress, now: number): Neighbor | undefined {
    const neighbor = this.#enter(link, address, now);
    if (neighbor) neighbor.pinned = true;
    return neighbor;
  }

  /** Somebody has shown itself. One who asks us will be answered and is noted, while half of the
   * table is free; what others say only counts for those that are known (RFC 826; RFC 4861,
   * 7.2.5). */
  heard(link: number, address: IpAddress, place: Place, now: number): void {
    const isNoted = place.isNew && this.#table.count < this.#table.capacity >> 1;
    const entry = isNoted ? this.#enter(link, address, now)?.entry : this.#find(link, address);
    const neighbor = entry === undefined ? undefined : this.#all.get(entry);
    if (neighbor === undefined) return;
    const { mac, vtep } = place;
    const same = neighbor.mac !== undefined && sameMac(neighbor.mac, mac) && neighbor.vtep === vtep;
    if (!same && neighbor.mac !== undefined && !place.override) return;
    neighbor.mac = mac;
    neighbor.vtep = vtep;
    neighbor.asked = 0;
    neighbor.since = now;
    neighbor.due = now + CONFIRMED_MILLIS;
    if (!same) this.#events.moved(neighbor);
  }

  /** Does what is due. */
  tick(now: number): void {
    let unknown = 0;
    for (const neighbor of this.#all.values()) {
      if (now >= neighbor.due) this.#look(neighbor, now);
      if (neighbor.mac === undefined && !neighbor.pinned) unknown++;
    }
    this.#table.unknown = unknown;
  }

  /** When something is due next. */
  due(): number {
    let due = Number.POSITIVE_INFINITY;
    for (const neighbor of this.#all.values()) if (neighbor.due < due) due = neighbor.due;
    return due;
  }

  /** Those on the link are not known any more; the link is gone when `forever`. */
  forget(link: number, forever: boolean, now: number): void {
    for (const neighbor of [...this.#all.values()]) {
      if (neighbor.link !== link) continue;
      this.#events.lost(neighbor);
      if (forever) this.#drop(neighbor);
      else this.#unlearn(neighbor, now);
    }
  }

  #look(neighbor: Neighbor, now: number): void {
    const used = this.#table.used[neighbor.entry]! === 1;
    if (neighbor.asked >= ASK_TIMES) this.#fail(neighbor, now);
    else if (neighbor.asked > 0 || used || neighbor.pinned) this.#ask(neighbor, now);
    else if (now - neighbor.since > FORGET_MILLIS || neighbor.mac === undefined)
      this.#drop(neighbor);
    else neighbor.due = now + CONFIRMED_MILLIS;
    this.#table.used[neighbor.entry] = 0;
  }

  #ask(neighbor: Neighbor, now: number): void {
    neighbor.asked++;
    neighbor.due = now + ASK_MILLIS;
    this.#events.ask(neighbor);
  }

  /** No answer: not where it was, so everybody is asked; or nowhere. */
  #fail(neighbor: Neighbor, now: number): void {
    if (neighbor.mac !== undefined) {
      this.#unlearn(neighbor, now);
      this.#ask(neighbor, now);
      return;
    }
    this.#events.lost(neighbor);
    if (!neighbor.pinned) this.#drop(neighbor);
    else {
      neighbor.asked = 0;
      neighbor.due = now + RETRY_MILLIS;
    }
  }

  #unlearn(neighbor: Neighbor, now: number): void {
    neighbor.mac = undefined;
    neighbor.asked = 0;
    neighbor.due = now + ASK_MILLIS;
    this.#events.moved(neighbor);
  }

  #drop(neighbor: Neighbor): void {
    this.#all.delete(neighbor.entry);
    this.#table.remove(neighbor.entry);
  }

  #enter(link: number, address: IpAddress, now: number): Neighbor | undefined {
    const [view, v6] = this.#write(address);
    const entry = this.#table.enter(link, view, 0, v6);
    return entry < 0 ? undefined : (this.#all.get(entry) ?? this.#note(entry, now));
  }

  #find(link: number, address: IpAddress): number | undefined {
    const [view, v6] = this.#write(address);
    const entry = this.#table.find(link, view, 0, v6);
    return entry < 0 ? undefined : entry;
  }

  #note(entry: number, now: number): Neighbor {
    const view = this.#scratch;
    this.#table.writeAddress(entry, view, 0);
    const family = this.#table.isV6(entry) ? 6 : 4;
    const address = readIpAddress(new Uint8Array(view.buffer), 0, family);
    const link = this.#table.linkOf(entry);
    const unknown = { mac: undefined, vtep: 0, pinned: false, asked: 0 };
    const neighbor: Neighbor = { entry, link, address, ...unknown, due: now, since: now };
    this.#all.set(entry, neighbor);
    return neighbor;
  }

  #write({ family, value }: IpAddress): [view: DataView, v6: number] {
    const view = this.#scratch;
    const words = family === 4 ? 1 : 4;
    for (let i = 0; i < words; i++) {
      const word = (value >> BigInt(32 * (words - 1 - i))) & 0xffffffffn;
      view.setUint32(4 * i, Number(word));
    }
    return [view, family === 4 ? 0 : 1];
  }
}

/** Where somebody says that it is. */
export interface Place {
  readonly mac: Uint8Array;
  readonly vtep: number;
  /** Whether it may replace what was known, and be noted if nothing was. */
  readonly override: boolean;
  readonly isNew: boolean;
}

function sameMac(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, index) => byte === b[index]);
}
