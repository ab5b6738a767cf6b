// Data path.
// Entries of a fixed size, found by the key that each begins with. The entries lie in one slab; an
// index leads to them, with linear probing and backward-shift deletion, so that nothing is ever
// rebuilt and no tombstone stays.
//
// A slot of the index is one word: high bits of the key's hash, how far the slot is from the one
// that the hash points at, and the entry + 1; 0 is an empty slot. So nearly all that is not the
// entry looked for is passed without a look at it, and most removals need no hash of those behind.
//
// It knows nothing of what is behind the key, nor which entries are free: its owner does.

import { Arena, type Memory } from "../base/arena.ts";
import { assert } from "../base/assert.ts";
import { type HashKey, hashFourWords, hashWords } from "./key-hash.ts";

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

/** Bits of a slot for how far it is from its first choice, of those that the entry leaves: half, as
 * entries of other first choices are told apart by the distance already. */
const FAR_BITS_MIN = 3;
const FAR_BITS_MAX = 6;

export class KeyedSlab {
  readonly capacity: number;
  readonly entryWords: number;
  readonly keyWords: number;
  readonly words: Int32Array;
  /** A word a slot: see above. */
  readonly index: Int32Array;
  /** Number of slots - 1; slots are a power of two, at least 1.5 times the usual entries. */
  readonly mask: number;
  /** Low bits of a slot that are the entry + 1; above them, distance and hash. */
  readonly entryBits: number;
  /** The high bits of a hash that stand in a slot. */
  readonly hashBits: number;
  /** The distance of a slot that is that far from its first choice, or farther. */
  readonly farthest: number;
  readonly hashKey: HashKey;

  constructor(options: SlabOptions) {
    const { capacity, usual = capacity, entryWords, keyWords, memory, hashKey } = options;
    assert(capacity >= 1 && capacity <= 2 ** 26, `a capacity of 1 to 2^26: ${capacity}`);
    const slots = 2 ** Math.ceil(Math.log2(Math.max(8, capacity + 1, usual * 1.5)));
    const arena = new Arena(4 * capacity * entryWords + 4 * slots + 128, memory);
    this.capacity = capacity;
    this.entryWords = entryWords;
    this.keyWords = keyWords;
    this.words = arena.int32(capacity * entryWords);
    this.index = arena.int32(slots);
    this.mask = slots - 1;
    this.entryBits = 32 - Math.clz32(capacity);
    const half = (32 - this.entryBits) >> 1;
    const farBits = Math.min(Math.max(half, FAR_BITS_MIN), FAR_BITS_MAX);
    this.hashBits = -1 << (this.entryBits + farBits);
    this.farthest = (1 << farBits) - 1;
    this.hashKey = hashKey;
  }

  hash(key: Int32Array, at: number): number {
    const { k0, k1 } = this.hashKey;
    if (this.keyWords !== 4) return hashWords(key, at, this.keyWords, k0, k1);
    return hashFourWords(key[at]!, key[at + 1]!, key[at + 2]!, key[at + 3]!, k0, k1);
  }

  /** The entry whose key stands in `key` from `at` on, or -1. `tag` is the hash of the key. */
  find(key: Int32Array, at: number, tag: number): number {
    const { index, mask, entryBits, hashBits, farthest } = this;
    const high = -1 << entryBits;
    for (let slot = tag & mask; ; slot = (slot + 1) & mask) {
      const word = index[slot]!;
      if (word === 0) return -1;
      const mark = markOf(tag, (slot - tag) & mask, entryBits, hashBits, farthest);
      if ((word & high) !== mark) continue;
      const entry = (word & ~high) - 1;
      if (this.hasKey(entry, key, at)) return entry;
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
    const { index, mask, entryBits, hashBits, farthest } = this;
    let slot = tag & mask;
    while (index[slot]! !== 0) slot = (slot + 1) & mask;
    index[slot] = markOf(tag, (slot - tag) & mask, entryBits, hashBits, farthest) | (entry + 1);
  }

  /** The hash of the key that stands in the entry. */
  tagOf(entry: number): number {
    return this.hash(this.words, entry * this.entryWords);
  }

  /** Fetches the slots of `count` tags, so that the cache misses overlap; any number. */
  fetch(tags: Int32Array, count: number): number {
    const { index, mask } = this;
    let touched = 0;
    for (let i = 0; i < count; i++) touched ^= index[tags[i]! & mask]!;
    return touched;
  }

  /** Takes the entry out of the index; its key must stand as it was linked. */
  unlink(entry: number): void {
    this.unlinkTag(entry, this.tagOf(entry));
  }

  /** The same where the hash of its key is known. */
  unlinkTag(entry: number, tag: number): void {
    const { index, mask, entryBits } = this;
    const low = ~(-1 << entryBits);
    let hole = tag & mask;
    while ((index[hole]! & low) !== entry + 1) {
      assert(index[hole]! !== 0, "only what was linked is unlinked");
      hole = (hole + 1) & mask;
    }
    // Whatever comes behind moves up unless it would pass its own first slot.
    for (let slot = (hole + 1) & mask; ; slot = (slot + 1) & mask) {
      const word = index[slot]!;
      if (word === 0) break;
      const far = this.#distance(word, slot);
      const gap = (slot - hole) & mask;
      if (far < gap) continue;
      index[hole] = moved(word, far - gap, entryBits, this.farthest);
      hole = slot;
    }
    index[hole] = 0;
  }

  /** How far the slot is from the first choice of the entry in it. */
  #distance(word: number, slot: number): number {
    const far = (word >>> this.entryBits) & this.farthest;
    if (far < this.farthest) return far;
    return (slot - this.tagOf((word & ~(-1 << this.entryBits)) - 1)) & this.mask;
  }
}

/** What stands above the entry in a slot `far` behind the first choice of a hash. */
export function markOf(
  tag: number,
  far: number,
  entryBits: number,
  hashBits: number,
  farthest: number,
): number {
  return (tag & hashBits) | ((far < farthest ? far : farthest) << entryBits);
}

/** The slot's word for another distance. */
function moved(word: number, far: number, entryBits: number, farthest: number): number {
  const least = far < farthest ? far : farthest;
  return (word & ~(farthest << entryBits)) | (least << entryBits);
}
