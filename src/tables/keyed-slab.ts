// Data path.
// Entries of a fixed size, found by the key that each begins with. The entries lie in one slab; an
// index of (tag, entry + 1) pairs leads to them, with linear probing and backward-shift deletion,
// so that nothing is ever rebuilt and no tombstone stays. The tag is the whole hash of the key.
//
// It knows nothing of what is behind the key, nor which entries are free: its owner does.

import { Arena, type Memory } from "../base/arena.ts";
import { assert } from "../base/assert.ts";
import { type HashKey, hashFourWordKeys, hashWords } from "./key-hash.ts";

export interface SlabOptions {
  /** Most entries, 1 to 2^26. */
  readonly capacity: number;
  /** As many as there mostly are; more are found more slowly. Default: the capacity. */
  readonly usual?: number;
  readonly entryWords: number;
  /** The first words of an entry are its key. */
  readonly keyWords: number;
  readonly memory: Memory;
  readonly hashKey: HashKey;
}

export class KeyedSlab {
  readonly capacity: number;
  readonly entryWords: number;
  readonly keyWords: number;
  readonly words: Int32Array;
  /** Two words a slot: the tag, and the entry + 1 (0: the slot is empty). */
  readonly index: Int32Array;
  /** Number of slots - 1; slots are a power of two, at least 1.5 times the usual entries. */
  readonly mask: number;
  readonly hashKey: HashKey;
  readonly #hash = new Int32Array(1);

  constructor(options: SlabOptions) {
    const { capacity, usual = capacity, entryWords, keyWords, memory, hashKey } = options;
    assert(capacity >= 1 && capacity <= 2 ** 26, `a capacity of 1 to 2^26: ${capacity}`);
    const slots = 2 ** Math.ceil(Math.log2(Math.max(8, capacity + 1, usual * 1.5)));
    const arena = new Arena(4 * capacity * entryWords + 8 * slots + 128, memory);
    this.capacity = capacity;
    this.entryWords = entryWords;
    this.keyWords = keyWords;
    this.words = arena.int32(capacity * entryWords);
    this.index = arena.int32(2 * slots);
    this.mask = slots - 1;
    this.hashKey = hashKey;
  }

  hash(key: Int32Array, at: number): number {
    const { k0, k1 } = this.hashKey;
    if (this.keyWords !== 4) return hashWords(key, at, this.keyWords, k0, k1);
    hashFourWordKeys(key, at, this.#hash, 1, k0, k1);
    return this.#hash[0]!;
  }

  /** The entry whose key stands in `key` from `at` on, or -1. `tag` is the hash of the key. */
  find(key: Int32Array, at: number, tag: number): number {
    const { index, mask } = this;
    let slot = tag & mask;
    for (;;) {
      const entry = index[2 * slot + 1]! - 1;
      if (entry < 0) return -1;
      if (index[2 * slot]! === tag && this.hasKey(entry, key, at)) return entry;
      slot = (slot + 1) & mask;
    }
  }

  hasKey(entry: number, key: Int32Array, at: number): boolean {
    const { words, keyWords } = this;
    const from = entry * this.entryWords;
    for (let i = 0; i < keyWords; i++) if (words[from + i]! !== key[at + i]!) return false;
    return true;
  }

  /** Makes the entry findable by the key that stands in it, whose hash is `tag`. No other entry may
   * have that key. */
  link(entry: number, tag: number): void {
    const { index, mask } = this;
    let slot = tag & mask;
    while (index[2 * slot + 1]! !== 0) slot = (slot + 1) & mask;
    index[2 * slot] = tag;
    index[2 * slot + 1] = entry + 1;
  }

  /** The hash of the key that stands in the entry. */
  tagOf(entry: number): number {
    return this.hash(this.words, entry * this.entryWords);
  }

  /** Fetches the slots of `count` tags, so that the cache misses overlap; any number. */
  fetch(tags: Int32Array, count: number): number {
    const { index, mask } = this;
    let touched = 0;
    for (let i = 0; i < count; i++) touched ^= index[(tags[i]! & mask) << 1]!;
    return touched;
  }

  /** Takes the entry out of the index; its key must stand as it was linked. */
  unlink(entry: number): void {
    this.unlinkTag(entry, this.tagOf(entry));
  }

  /** The same where the hash of its key is known. */
  unlinkTag(entry: number, tag: number): void {
    const { index, mask } = this;
    let slot = tag & mask;
    while (index[2 * slot + 1]! !== entry + 1) {
      assert(index[2 * slot + 1]! !== 0, "only what was linked is unlinked");
      slot = (slot + 1) & mask;
    }
    // Whatever comes behind moves up unless it would pass its own first slot.
    let hole = slot;
    for (;;) {
      slot = (slot + 1) & mask;
      if (index[2 * slot + 1]! === 0) break;
      const home = index[2 * slot]! & mask;
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      index[2 * hole] = index[2 * slot]!;
      index[2 * hole + 1] = index[2 * slot + 1]!;
      hole = slot;
    }
    index[2 * hole + 1] = 0;
  }
}
