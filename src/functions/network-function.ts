// What every step of the pipeline is.

import type { Batch } from "../packet/batch.ts";
import type { Column } from "../packet/packet-pool.ts";

/** One thing done to every packet of a batch. */
export interface NetworkFunction {
  /** Unique in a pipeline: the name in counters and traces. */
  readonly name: string;
  /** Columns that an earlier step must have written. */
  readonly reads: readonly Column[];
  /** Columns that this step may write, for the packets it is about; a contract test sees to it
   * that it writes no others. */
  readonly writes: readonly Column[];
  /** Whether it only does, for some packets, what the steps behind it would do: a pipeline whose
   * packets are followed step by step leaves it out. */
  readonly shortcut?: boolean;
  /** Whether it is not about packets at all, but about what the tables hold. */
  readonly upkeep?: boolean;
  /**
   * Looks at each packet once and may give it a verdict. Returns how many verdicts it gave.
   * Allocates nothing and never throws. `now` is in milliseconds, the same for the whole batch.
   */
  process(batch: Batch, now: number): number;
  /** For traces: what the step found out about the packet in `row`, "" for nothing worth saying. */
  describe?(row: number): string;
}
