// Data path.
// Packets of a batch that have been translated on the fast path and have only to be sent.

import { BATCH_MAX } from "../../packet/limits.ts";

export class Departures {
  count = 0;
  readonly rows = new Int32Array(BATCH_MAX);
  readonly l3s = new Int32Array(BATCH_MAX);
  readonly ends = new Int32Array(BATCH_MAX);
  /** The direction it goes. */
  readonly ways = new Int32Array(BATCH_MAX);
  /** Its entry in the flow table. */
  readonly entries = new Int32Array(BATCH_MAX);
  /** Source and destination port as they arrived. */
  readonly ports = new Int32Array(BATCH_MAX);
  /** Flags as `parse` would give them. */
  readonly flags = new Int32Array(BATCH_MAX);
}
