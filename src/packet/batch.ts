// Data path.
// The rows that travel together.

import { BATCH_MAX } from "./limits.ts";

export class Batch {
  /** The first `count` are packets, in the order they arrived. */
  readonly rows: Int32Array;
  count = 0;
  /** The `flags` of its packets, or-ed: a step that is about rare packets looks here first. Packets
   * that were dropped since may have left bits behind. */
  flags = 0;
  /** The first `unmatchedCount` belong to no flow (yet) and quote none: configuration decides what
   * becomes of them. They may have got a verdict since. */
  readonly unmatched = new Int32Array(BATCH_MAX);
  unmatchedCount = 0;
  /** Its packets have waited and go on: the `datagram` column says with which, or is minus the drop
   * code for who has waited in vain. */
  returned = false;

  /** Of up to `capacity` packets. */
  constructor(capacity: number = BATCH_MAX) {
    this.rows = new Int32Array(capacity);
  }

  get full(): boolean {
    return this.count === this.rows.length;
  }

  push(row: number): void {
    this.rows[this.count] = row;
    this.count++;
  }

  copyFrom(other: Batch): void {
    const { rows, count } = other;
    for (let i = 0; i < count; i++) this.rows[i] = rows[i]!;
    this.count = count;
    this.flags = 0;
    this.returned = other.returned;
    this.unmatchedCount = 0;
  }
}
