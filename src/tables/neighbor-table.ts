// Data path.
// Who is next on the way, and the headers that lead there: hosts and routers on the gateway's
// links, and the far ends of tunnels. An entry is found by link and address; whether its headers
// are known is its kind. Asking around for those that are not, and forgetting, is done elsewhere
// (links).

import type { Memory } from "../base/arena.ts";
import { type AdjacencyTable, TEMPLATE_BYTES } from "./adjacency-table.ts";
import type { HashKey } from "./key-hash.ts";
import { KeyedSlab } from "./keyed-slab.ts";

// Kinds of an entry: what stands in front of its packets.
/** Not known yet. */
export const UNRESOLVED = 0;
export const ETHERNET = 1;
export const TUNNEL = 2;

/** Key: link and family, then the address, IPv4 in the first word. */
const KEY_WORDS = 5;
const WORDS = 8;

export interface NeighborTableOptions {
  readonly capacity: number;
  readonly memory: Memory;
  readonly hashKey: HashKey;
}

export class NeighborTable implements AdjacencyTable {
  readonly capacity: number;
  readonly kinds: Uint8Array;
  /** By entry: the interface its packets leave by. */
  readonly interfaces: Int32Array;
  /** By entry: 1 since a packet was last sent there, until somebody sets it back. */
  readonly used: Uint8Array;
  /** Templates as in adjacency-table.ts; of Ethernet only the last 14 bytes count. `quads` are the
   * same bytes, in the order of the machine. */
  readonly templates: Uint8Array;
  readonly quads: BigInt64Array;
  readonly sums: Int32Array;
  /** Entries made by `reach`, for whoever asks around; the first `freshCount`. */
  readonly fresh: Int32Array;
  freshCount = 0;
  /** How many of the others are being asked for. */
  unknown = 0;
  readonly #slab: KeyedSlab;
  readonly #key = new Int32Array(KEY_WORDS);
  readonly #free: Int32Array;
  #freeCount: number;

  constructor({ capacity, memory, hashKey }: NeighborTableOptions) {
    this.#slab = new KeyedSlab({
      capacity,
      entryWords: WORDS,
      keyWords: KEY_WORDS,
      memory,
      hashKey,
    });
    this.capacity = capacity;
    this.kinds = new Uint8Array(capacity);
    this.interfaces = new Int32Array(capacity);
    this.used = new Uint8Array(capacity);
    this.templates = new Uint8Array(capacity * TEMPLATE_BYTES);
    this.quads = new BigInt64Array(this.templates.buffer);
    this.sums = new Int32Array(capacity);
    this.fresh = new Int32Array(capacity);
    this.#free = new Int32Array(capacity);
    for (let entry = 0; entry < capacity; entry++) this.#free[entry] = capacity - 1 - entry;
    this.#freeCount = capacity;
  }

  get count(): number {
    return this.capacity - this.#freeCount;
  }

  /** The entry of the address at `at`, made if there is none; -1 when the table is full, or a
   * quarter of it is being asked for: whoever sends to all addresses of a network leaves room. */
  reach(link: number, view: DataView, at: number, v6: number): number {
    const tag = this.#lookFor(link, view, at, v6);
    const found = this.#slab.find(this.#key, 0, tag);
    if (found >= 0 || this.#freeCount === 0) return found;
    if (this.unknown + this.freshCount > this.capacity >> 2) return -1;
    const entry = this.#add(tag);
    this.fresh[this.freshCount] = entry;
    this.freshCount++;
    return entry;
  }

  /** The entry of the address at `at`, or -1. */
  find(link: number, view: DataView, at: number, v6: number): number {
    const tag = this.#lookFor(link, view, at, v6);
    return this.#slab.find(this.#key, 0, tag);
  }

  /** The same, made if there is none, without being new to anybody; -1 when the table is full. */
  enter(link: number, view: DataView, at: number, v6: number): number {
    const tag = this.#lookFor(link, view, at, v6);
    const found = this.#slab.find(this.#key, 0, tag);
    return found >= 0 || this.#freeCount === 0 ? found : this.#add(tag);
  }

  /** The link it is on. */
  linkOf(entry: number): number {
    return this.#slab.words[entry * WORDS]! >> 1;
  }

  isV6(entry: number): boolean {
    return (this.#slab.words[entry * WORDS]! & 1) === 1;
  }

  /** Writes its address, 4 or 16 bytes. */
  writeAddress(entry: number, view: DataView, at: number): void {
    const words = this.isV6(entry) ? 4 : 1;
    for (let i = 0; i < words; i++) {
      view.setInt32(at + 4 * i, this.#slab.words[entry * WORDS + 1 + i]!);
    }
  }

  remove(entry: number): void {
    this.#slab.unlink(entry);
    this.kinds[entry] = UNRESOLVED;
    this.#free[this.#freeCount] = entry;
    this.#freeCount++;
  }

  #lookFor(link: number, view: DataView, at: number, v6: number): number {
    const key = this.#key;
    key[0] = (link << 1) | v6;
    key[1] = view.getInt32(at);
    key[2] = v6 === 0 ? 0 : view.getInt32(at + 4);
    key[3] = v6 === 0 ? 0 : view.getInt32(at + 8);
    key[4] = v6 === 0 ? 0 : view.getInt32(at + 12);
    return this.#slab.hash(key, 0);
  }

  #add(tag: number): number {
    this.#freeCount--;
    const entry = this.#free[this.#freeCount]!;
    const { words } = this.#slab;
    for (let i = 0; i < KEY_WORDS; i++) words[entry * WORDS + i] = this.#key[i]!;
    this.#slab.link(entry, tag);
    this.kinds[entry] = UNRESOLVED;
    this.used[entry] = 0;
    return entry;
  }
}
