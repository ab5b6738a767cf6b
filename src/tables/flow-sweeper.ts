// Data path.
// Walks over the flows of a table, a few at a time, and takes out those that are over. What that
// needs of memory is fetched for many of them first, so that their cache misses overlap.

import type { KeyedSlab } from "./keyed-slab.ts";

/** What it must know of the table. */
export interface SweptTable {
  readonly slab: KeyedSlab;
  readonly used: number;
  /** Whether the flow has been over for `rest` ticks. */
  isOver(flow: number, tick: number, rest: number): boolean;
  fetchHolds(flows: Int32Array, count: number): number;
  discard(flow: number): void;
}

/** Flows taken out together. */
const VICTIMS_MAX = 256;

export class FlowSweeper {
  readonly #table: SweptTable;
  readonly #victims = new Int32Array(VICTIMS_MAX);
  readonly #tags = new Int32Array(2 * VICTIMS_MAX);
  /** Keeps the compiler from dropping loads whose only purpose is to fetch. */
  readonly #sink = new Int32Array(1);
  /** The flow that is looked at next. */
  at = 0;

  constructor(table: SweptTable) {
    this.#table = table;
  }

  /** Looks at `flows` flows more, at most, and takes out those that have been over for `rest`
   * ticks, `wanted` of them at most. */
  collect(flows: number, wanted: number, tick: number, rest: number): void {
    const table = this.#table;
    const most = Math.min(wanted, VICTIMS_MAX);
    const { used } = table;
    const looks = Math.min(flows, used);
    let count = 0;
    for (let i = 0; i < looks && count < most; i++) {
      if (this.at >= used) this.at = 0;
      const flow = this.at++;
      if (table.isOver(flow, tick, rest)) this.#victims[count++] = flow;
    }
    if (count > 0) this.#remove(count);
  }

  #remove(count: number): void {
    const table = this.#table;
    const { slab } = table;
    const victims = this.#victims;
    const tags = this.#tags;
    for (let i = 0; i < count; i++) {
      tags[2 * i] = slab.tagOf(2 * victims[i]!);
      tags[2 * i + 1] = slab.tagOf(2 * victims[i]! + 1);
    }
    this.#sink[0] = slab.fetch(tags, 2 * count) ^ table.fetchHolds(victims, count);
    for (let i = 0; i < count; i++) {
      slab.unlinkTag(2 * victims[i]!, tags[2 * i]!);
      slab.unlinkTag(2 * victims[i]! + 1, tags[2 * i + 1]!);
      table.discard(victims[i]!);
    }
  }
}
