// How many flows each private host has open through an expose that limits them (RFC 6888, REQ-4).

import type { Memory } from "../base/arena.ts";
import type { FlowDraft } from "./flow-draft.ts";
import { SOURCE } from "./flow-draft.ts";
import type { HashKey } from "./key-hash.ts";
import { KeyedSlab } from "./keyed-slab.ts";

// Key: VNI of the host, VNI of who it talks to through the expose, address (IPv4 in one word).
const KEY_WORDS = 6;
const COUNT = 6;
const WORDS = 8;

export interface HostTableOptions {
  /** Most hosts at a time, which is most flows: a host without flows is forgotten. */
  readonly capacity: number;
  readonly memory: Memory;
  readonly hashKey: HashKey;
}

export class HostTable {
  readonly #slab: KeyedSlab;
  readonly #key = new Int32Array(KEY_WORDS);
  readonly #free: number[] = [];
  #used = 0;

  constructor({ capacity, memory, hashKey }: HostTableOptions) {
    const options = { capacity, entryWords: WORDS, keyWords: KEY_WORDS, memory, hashKey };
    this.#slab = new KeyedSlab(options);
  }

  /** Hosts that have flows. */
  get count(): number {
    return this.#used - this.#free.length;
  }

  /** Counts one flow more for the draft's source; the host, or -1 when it has `limit` already or
   * the table is full. */
  enter(draft: FlowDraft, limit: number): number {
    this.#writeKey(draft);
    const { words } = this.#slab;
    const tag = this.#slab.hash(this.#key, 0);
    const known = this.#slab.find(this.#key, 0, tag);
    if (known >= 0) {
      const at = known * WORDS + COUNT;
      if (words[at]! >= limit) return -1;
      words[at] = words[at]! + 1;
      return known;
    }
    const entry = this.#free.pop() ?? (this.#used < this.#slab.capacity ? this.#used++ : -1);
    if (entry < 0) return -1;
    words.set(this.#key, entry * WORDS);
    words[entry * WORDS + COUNT] = 1;
    this.#slab.link(entry, tag);
    return entry;
  }

  /** One flow less. */
  leave(host: number): void {
    const { words } = this.#slab;
    const at = host * WORDS + COUNT;
    words[at] = words[at]! - 1;
    if (words[at]! > 0) return;
    this.#slab.unlink(host);
    this.#free.push(host);
  }

  #writeKey({ from, realm, view, size }: FlowDraft): void {
    const key = this.#key.fill(0);
    key[0] = from;
    key[1] = realm;
    for (let i = 0; i < size / 4; i++) key[2 + i] = view.getInt32(SOURCE + 4 * i);
  }
}
