// Data path.
// Packets of a batch that have been translated on the fast path and have only to be sent. What is
// known of them stands in the columns of the pool: `l3`, `end`, `direction`, `flow` and `flags`.

import { BATCH_MAX } from "../../packet/limits.ts";

export class Departures {
  count = 0;
  readonly rows = new Int32Array(BATCH_MAX);
  /** Source and destination port as they arrived. */
  readonly ports = new Int32Array(BATCH_MAX);
}
