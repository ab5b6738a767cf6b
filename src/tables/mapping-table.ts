// Who has which public address and port: for each private endpoint that talks to a VPC through a
// shared public address, the one public endpoint it appears as there, whatever it talks to
// (endpoint-independent mapping: RFC 4787, REQ-1; RFC 5382, REQ-1). A public endpoint has one owner
// for each VPC that sees it, whoever else may draw from the same addresses.
//
// A mapping lives as long as flows hold it. It outlives configurations.

import type { Memory } from "../base/arena.ts";
import { type FlowDraft, NEW_SOURCE, SOURCE } from "./flow-draft.ts";
import type { HashKey } from "./key-hash.ts";
import { KeyedSlab } from "./keyed-slab.ts";
import { PortSet } from "./port-set.ts";

/** Where in an entry which word stands. */
interface Layout {
  readonly words: number;
  readonly addressWords: number;
  readonly newSource: number;
  /** The public port, and ORPHAN. */
  readonly port: number;
  readonly holders: number;
  /** Number of the port set. */
  readonly set: number;
}

// Key: VNI of the sender << 8 | protocol, VNI of the receiver, address, port.
const V4: Layout = { words: 8, addressWords: 1, newSource: 4, port: 5, holders: 6, set: 7 };
const V6: Layout = { words: 16, addressWords: 4, newSource: 7, port: 11, holders: 12, set: 13 };

/** No longer found by its key: another mapping of the same private endpoint has taken its place. */
const ORPHAN = 0x10000;

export interface MappingTableOptions {
  /** Most mappings of an address family. */
  readonly capacity: number;
  readonly memory: Memory;
  readonly hashKey: HashKey;
}

export class MappingTable {
  readonly #families: readonly [Family, Family];
  readonly #sets: PortSet[] = [];
  readonly #setNumbers = new Map<string, number>();

  constructor(options: MappingTableOptions) {
    this.#families = [new Family(V4, options), new Family(V6, options)];
  }

  /** Mappings that are held. */
  get count(): number {
    return this.#families[0].count + this.#families[1].count;
  }

  /** The number of the port set of a public address as one VPC (by VNI) sees it. */
  setOf(toVni: number, protocol: number, address: string): number {
    const key = `${toVni} ${protocol} ${address}`;
    const known = this.#setNumbers.get(key);
    if (known !== undefined) return known;
    const number = this.#sets.push(new PortSet()) - 1;
    this.#setNumbers.set(key, number);
    return number;
  }

  ports(set: number): PortSet {
    return this.#sets[set]!;
  }

  /** The mapping of the draft's source, written into the draft as its new source; -1 for none. */
  find(draft: FlowDraft): number {
    const family = this.#families[draft.v6 ? 1 : 0];
    const entry = family.find(draft);
    if (entry < 0) return -1;
    family.recall(entry, draft);
    return handle(entry, draft.v6);
  }

  /** A mapping of the draft's source to its new source, held once; -1 when the table is full. The
   * port must be free in the set and is taken. */
  add(draft: FlowDraft, set: number): number {
    const family = this.#families[draft.v6 ? 1 : 0];
    const entry = family.add(draft, set);
    if (entry < 0) return -1;
    this.#sets[set]!.take(draft.newSourcePort);
    return handle(entry, draft.v6);
  }

  hold(mapping: number): void {
    this.#families[mapping & 1]!.hold(mapping >> 1);
  }

  /** One holder less; with the last the port is free again. */
  release(mapping: number): void {
    const freed = this.#families[mapping & 1]!.release(mapping >> 1);
    if (freed !== undefined) this.#sets[freed.set]!.release(freed.port);
  }

  /** Flows that hold it keep it, new ones get another. */
  orphan(mapping: number): void {
    this.#families[mapping & 1]!.orphan(mapping >> 1);
  }
}

function handle(entry: number, v6: boolean): number {
  return (entry << 1) | (v6 ? 1 : 0);
}

class Family {
  readonly #layout: Layout;
  readonly #slab: KeyedSlab;
  readonly #key: Int32Array;
  readonly #free: number[] = [];
  #used = 0;
  count = 0;

  constructor(layout: Layout, { capacity, memory, hashKey }: MappingTableOptions) {
    this.#layout = layout;
    const keyWords = 3 + layout.addressWords;
    const entryWords = layout.words;
    this.#slab = new KeyedSlab({ capacity, entryWords, keyWords, memory, hashKey });
    this.#key = new Int32Array(keyWords);
  }

  find(draft: FlowDraft): number {
    this.#writeKey(draft);
    return this.#slab.find(this.#key, 0);
  }

  recall(entry: number, draft: FlowDraft): void {
    const { words } = this.#slab;
    const { newSource, addressWords, port } = this.#layout;
    const at = entry * this.#layout.words;
    for (let i = 0; i < addressWords; i++) {
      draft.view.setInt32(NEW_SOURCE + 4 * i, words[at + newSource + i]!);
    }
    draft.newSourcePort = words[at + port]! & 0xffff;
  }

  add(draft: FlowDraft, set: number): number {
    const entry = this.#free.pop() ?? (this.#used < this.#slab.capacity ? this.#used++ : undefined);
    if (entry === undefined) return -1;
    this.#writeKey(draft);
    const { words } = this.#slab;
    const layout = this.#layout;
    const at = entry * layout.words;
    for (let i = 0; i < this.#key.length; i++) words[at + i] = this.#key[i]!;
    for (let i = 0; i < layout.addressWords; i++) {
      words[at + layout.newSource + i] = draft.view.getInt32(NEW_SOURCE + 4 * i);
    }
    words[at + layout.port] = draft.newSourcePort;
    words[at + layout.holders] = 1;
    words[at + layout.set] = set;
    this.#slab.link(entry);
    this.count++;
    return entry;
  }

  hold(entry: number): void {
    const at = entry * this.#layout.words + this.#layout.holders;
    this.#slab.words[at] = this.#slab.words[at]! + 1;
  }

  release(entry: number): { set: number; port: number } | undefined {
    const { words } = this.#slab;
    const layout = this.#layout;
    const at = entry * layout.words;
    words[at + layout.holders] = words[at + layout.holders]! - 1;
    if (words[at + layout.holders]! > 0) return undefined;
    const port = words[at + layout.port]!;
    if ((port & ORPHAN) === 0) this.#slab.unlink(entry);
    this.#free.push(entry);
    this.count--;
    return { set: words[at + layout.set]!, port: port & 0xffff };
  }

  orphan(entry: number): void {
    const at = entry * this.#layout.words + this.#layout.port;
    this.#slab.unlink(entry);
    this.#slab.words[at] = this.#slab.words[at]! | ORPHAN;
  }

  #writeKey({ from, to, protocol, view, sourcePort }: FlowDraft): void {
    const key = this.#key;
    const { addressWords } = this.#layout;
    key[0] = (from << 8) | protocol;
    key[1] = to;
    for (let i = 0; i < addressWords; i++) key[2 + i] = view.getInt32(SOURCE + 4 * i);
    key[2 + addressWords] = sourcePort;
  }
}
