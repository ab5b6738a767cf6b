// Data path.
// Rows that are to leave, by interface.

import type { Batch } from "./batch.ts";
import { SENT } from "./verdict.ts";

export class Outbox {
  /** By interface index: rows, of which the first `counts` are to be sent, in order. */
  readonly rows: readonly Int32Array[];
  readonly counts: Int32Array;

  /** For interfaces 0 to `interfaces` - 1, and `slots` rows each at most. */
  constructor(interfaces: number, slots: number) {
    this.rows = listsOf(interfaces, slots);
    this.counts = new Int32Array(interfaces);
  }

  /** The rows of `batch` that are sent. */
  addSent(batch: Batch, verdict: Uint8Array, txInterface: Int32Array): void {
    const { rows, count } = batch;
    for (let i = 0; i < count; i++) {
      const row = rows[i]!;
      if (verdict[row]! !== SENT) continue;
      const iface = txInterface[row]!;
      const at = this.counts[iface]!;
      this.rows[iface]![at] = row;
      this.counts[iface] = at + 1;
    }
  }

  clear(): void {
    this.counts.fill(0);
  }
}

function listsOf(interfaces: number, slots: number): Int32Array[] {
  const lists: Int32Array[] = [];
  for (let i = 0; i < interfaces; i++) lists.push(new Int32Array(slots));
  return lists;
}
