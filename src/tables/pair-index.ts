// Data path.
// Numbers for pairs of words, in the order in which they first came: nothing is taken out, and when
// all numbers are given there are no more. For counters whose keys nobody knows beforehand.

import { assert } from "../base/assert.ts";

const NONE = -1;

export class PairIndex {
  /** How many numbers are given, and how many there can be. */
  count = 0;
  readonly capacity: number;
  /** By number: its pair. */
  readonly firsts: Int32Array;
  readonly seconds: Int32Array;
  /** Half empty at least: a number and one, or 0. */
  readonly #slots: Int32Array;
  readonly #mask: number;

  /** `capacity`: a power of two. */
  constructor(capacity: number) {
    assert((capacity & (capacity - 1)) === 0, `${capacity} is a power of two`);
    this.capacity = capacity;
    this.firsts = new Int32Array(capacity);
    this.seconds = new Int32Array(capacity);
    this.#slots = new Int32Array(2 * capacity);
    this.#mask = 2 * capacity - 1;
  }

  /** The pair's number, from 0; -1 for a pair that came when all numbers were given. */
  numberOf(first: number, second: number): number {
    const mask = this.#mask;
    let hash = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35);
    let at = (hash ^ (hash >>> 13)) & mask;
    for (;;) {
      const number = this.#slots[at]! - 1;
      if (number < 0) break;
      if (this.firsts[number]! === first && this.seconds[number]! === second) return number;
      at = (at + 1) & mask;
    }
    if (this.count === this.capacity) return NONE;
    const number = this.count++;
    this.firsts[number] = first;
    this.seconds[number] = second;
    this.#slots[at] = number + 1;
    return number;
  }

  clear(): void {
    this.#slots.fill(0);
    this.count = 0;
  }
}
