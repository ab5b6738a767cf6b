// The mappings of one address family as entries: private endpoint, public port, holders. Which
// ports are free is known elsewhere (public-ports.ts).

import type { Memory } from "../base/arena.ts";
import { type FlowDraft, NEW_DESTINATION, SOURCE } from "./flow-draft.ts";
import type { FlowEvents } from "./flow-events.ts";
import type { HashKey } from "./key-hash.ts";
import { KeyedSlab } from "./keyed-slab.ts";

/** Where in an entry which word stands. */
export interface Layout {
  readonly words: number;
  readonly addressWords: number;
  /** The public port, ORPHAN and SHARED. */
  readonly port: number;
  readonly holders: number;
  /** Number of the port set, which knows the public address. */
  readonly set: number;
}

// Key: VNI of the owner << 8 | protocol, VNI of who sees the public endpoint, address, port.
export const V4: Layout = { words: 7, addressWords: 1, port: 4, holders: 5, set: 6 };
export const V6: Layout = { words: 10, addressWords: 4, port: 7, holders: 8, set: 9 };

/** Not found by its key: it is shared, or another mapping of the same private endpoint has taken
 * its place. */
const ORPHAN = 0x10000;
const SHARED = 0x20000;

export interface MappingTableOptions {
  /** Most flows of an address family. */
  readonly flows: number;
  readonly memory: Memory;
  readonly hashKey: HashKey;
  /** Undefined: nothing is recorded. */
  readonly events?: FlowEvents | undefined;
}

/** A mapping, to be looked at. */
export class MappingView {
  /** The VNI of its owner: the private endpoint. */
  vni = 0;
  /** The owner's address: one word, or four of IPv6, in the order of the address. */
  readonly address = new Int32Array(4);
  set = 0;
  /** The public port. */
  port = 0;
  /** Several private endpoints share it; the owner is the first of them. */
  shared = false;
}

const FETCH_MAX = 256;

export class MappingEntries {
  readonly #tags = new Int32Array(FETCH_MAX);
  readonly #layout: Layout;
  readonly #slab: KeyedSlab;
  readonly #key: Int32Array;
  readonly #free: number[] = [];
  /** Entries below it have been given out. */
  used = 0;
  count = 0;

  constructor(layout: Layout, { flows, memory, hashKey }: MappingTableOptions) {
    this.#layout = layout;
    const keyWords = 3 + layout.addressWords;
    const entryWords = layout.words;
    // A flow makes one and may hold another, that it is sent to, whose own flows are over.
    const slab = { capacity: 2 * flows, usual: flows, entryWords, keyWords, memory, hashKey };
    this.#slab = new KeyedSlab(slab);
    this.#key = new Int32Array(keyWords);
  }

  fetch(mappings: Int32Array, total: number): number {
    const v6 = this.#layout === V6 ? 1 : 0;
    let count = 0;
    for (let i = 0; i < total && count < FETCH_MAX; i++) {
      if ((mappings[i]! & 1) === v6) this.#tags[count++] = this.#slab.tagOf(mappings[i]! >> 1);
    }
    return this.#slab.fetch(this.#tags, count);
  }

  find(draft: FlowDraft): number {
    this.#writeKey(draft);
    draft.mappingTag = this.#slab.hash(this.#key, 0);
    return this.#slab.find(this.#key, 0, draft.mappingTag);
  }

  get words(): Int32Array {
    return this.#slab.words;
  }

  /** Where the entry begins, with its key. */
  at(entry: number): number {
    return entry * this.#layout.words;
  }

  /** Of the private endpoint of the entry; false when it is not of the VPC `vni`. */
  recallOwner(entry: number, draft: FlowDraft, vni: number): boolean {
    const { words } = this.#slab;
    const { addressWords } = this.#layout;
    const at = entry * this.#layout.words;
    if (this.ownerVni(entry) !== vni) return false;
    for (let i = 0; i < addressWords; i++) {
      draft.view.setInt32(NEW_DESTINATION + 4 * i, words[at + 2 + i]!);
    }
    draft.newDestinationPort = words[at + 2 + addressWords]!;
    return true;
  }

  ownerVni(entry: number): number {
    return this.#slab.words[entry * this.#layout.words]! >>> 8;
  }

  realm(entry: number): number {
    return this.#slab.words[entry * this.#layout.words + 1]!;
  }

  isShared(entry: number): boolean {
    return (this.#slab.words[entry * this.#layout.words + this.#layout.port]! & SHARED) !== 0;
  }

  set(entry: number): number {
    return this.#slab.words[entry * this.#layout.words + this.#layout.set]!;
  }

  /** The public port. */
  port(entry: number): number {
    return this.#slab.words[entry * this.#layout.words + this.#layout.port]! & 0xffff;
  }

  read(entry: number, view: MappingView): boolean {
    const { words } = this.#slab;
    const { words: entryWords, addressWords, holders } = this.#layout;
    const at = entry * entryWords;
    if (entry >= this.used || words[at + holders]! <= 0) return false;
    view.vni = this.ownerVni(entry);
    for (let i = 0; i < addressWords; i++) view.address[i] = words[at + 2 + i]!;
    view.set = this.set(entry);
    view.port = this.port(entry);
    view.shared = this.isShared(entry);
    return true;
  }

  add(draft: FlowDraft, set: number, shared: boolean): number {
    const entry = this.#free.pop() ?? (this.used < this.#slab.capacity ? this.used++ : undefined);
    if (entry === undefined) return -1;
    this.#writeKey(draft);
    const { words } = this.#slab;
    const layout = this.#layout;
    const at = entry * layout.words;
    for (let i = 0; i < this.#key.length; i++) words[at + i] = this.#key[i]!;
    words[at + layout.port] = draft.newSourcePort | (shared ? SHARED | ORPHAN : 0);
    words[at + layout.holders] = 1;
    words[at + layout.set] = set;
    if (!shared) this.#slab.link(entry, draft.mappingTag);
    this.count++;
    return entry;
  }

  hold(entry: number): void {
    const at = entry * this.#layout.words + this.#layout.holders;
    this.#slab.words[at] = this.#slab.words[at]! + 1;
  }

  /** Whether that was the last holder; then the entry still says what is free again. */
  release(entry: number): boolean {
    const { words } = this.#slab;
    const layout = this.#layout;
    const at = entry * layout.words;
    words[at + layout.holders] = words[at + layout.holders]! - 1;
    if (words[at + layout.holders]! > 0) return false;
    const port = words[at + layout.port]!;
    if ((port & ORPHAN) === 0) this.#slab.unlink(entry);
    this.#free.push(entry);
    this.count--;
    return true;
  }

  /** How many hold it. */
  holders(entry: number): number {
    return this.#slab.words[entry * this.#layout.words + this.#layout.holders]!;
  }

  /** All that stands in it. */
  copy(entry: number): Int32Array {
    return this.words.slice(this.at(entry), this.at(entry + 1));
  }

  /** Gives out a free entry with what stood in it once, held once. */
  revive(entry: number, copy: Int32Array): void {
    const { words, holders, port } = this.#layout;
    this.#free.splice(this.#free.lastIndexOf(entry), 1);
    this.#slab.words.set(copy, entry * words);
    this.#slab.words[entry * words + holders] = 1;
    if ((copy[port]! & ORPHAN) === 0) this.#slab.link(entry, this.#slab.tagOf(entry));
    this.count++;
  }

  orphan(entry: number): void {
    const at = entry * this.#layout.words + this.#layout.port;
    this.#slab.unlink(entry);
    this.#slab.words[at] = this.#slab.words[at]! | ORPHAN;
  }

  #writeKey({ from, realm, protocol, view, sourcePort }: FlowDraft): void {
    const key = this.#key;
    const { addressWords } = this.#layout;
    key[0] = (from << 8) | protocol;
    key[1] = realm;
    for (let i = 0; i < addressWords; i++) key[2 + i] = view.getInt32(SOURCE + 4 * i);
    key[2 + addressWords] = sourcePort;
  }
}
