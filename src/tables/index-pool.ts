// Data path.
// Numbers from 0 to a capacity, given out and taken back; the one given back last is the next to
// go, as what it stands for is still in the cache.

import type { Arena } from "../base/arena.ts";

export class IndexPool {
  readonly #capacity: number;
  readonly #free: Int32Array;
  #freeCount = 0;
  /** Numbers below this one have been given out before. */
  used = 0;

  constructor(capacity: number, arena: Arena) {
    this.#capacity = capacity;
    this.#free = arena.int32(capacity);
  }

  /** How many can be taken. */
  get left(): number {
    return this.#freeCount + this.#capacity - this.used;
  }

  /** One that is not taken; `left` must not be 0. */
  take(): number {
    return this.#freeCount > 0 ? this.#free[--this.#freeCount]! : this.used++;
  }

  /** As if none from `used` on, which are all given back, had ever been given out. */
  forget(used: number): void {
    let kept = 0;
    for (let i = 0; i < this.#freeCount; i++) {
      if (this.#free[i]! < used) this.#free[kept++] = this.#free[i]!;
    }
    this.#freeCount = kept;
    this.used = used;
  }

  giveBack(index: number): void {
    this.#free[this.#freeCount++] = index;
  }
}
