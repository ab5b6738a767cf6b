// Data path.
// The place where time passes for the tables: with each batch a few flows are looked at whether
// they are over.

import type { FlowTable } from "../../tables/flow-table.ts";
import { tickOf } from "../../tables/flow-timers.ts";
import type { NetworkFunction } from "../network-function.ts";

/** Flows looked at a batch: at 30,000 batches a second, a million flows in two seconds. */
const SWEEP = 16;

export function expire(tables: readonly [FlowTable, FlowTable]): NetworkFunction {
  return {
    name: "expire",
    reads: [],
    writes: [],
    upkeep: true,
    process(_batch, now) {
      const tick = tickOf(now);
      tables[0].sweep(SWEEP, tick);
      tables[1].sweep(SWEEP, tick);
      return 0;
    },
  };
}
