// What the metrics are made of: plain data, gathered by whoever is asked for them.

import type { PoolCause } from "../../insight/pools/alarms.ts";
import type { Trend } from "../../insight/pools/forecast.ts";
import type { PoolLevel } from "../../insight/pools/levels.ts";
import type { GatewayState } from "../../insight/state.ts";
import type { DataPathCounts } from "../data-path.ts";
import type { LoopReport } from "../loop-counts.ts";
import type { PlaceReport } from "../nat-log/account.ts";
import type { ProcessFacts } from "./process-facts.ts";
import type { ReloadReport } from "./reload-counts.ts";

export interface MetricsFacts {
  /** Of this program. */
  readonly version: string;
  readonly counts: DataPathCounts;
  readonly state: GatewayState;
  readonly pools: readonly PoolFacts[];
  readonly loop: LoopReport;
  readonly reloads: ReloadReport;
  /** By place, those that were there once included. */
  readonly natLog: readonly PlaceReport[];
  readonly process: ProcessFacts;
  /** Dropped packets by reason and more, where that is known; without, by reason alone. */
  readonly drops?: readonly DropCount[] | undefined;
}

export interface PoolFacts extends PoolLevel {
  /** Undefined while too little is known. */
  readonly trend: Trend | undefined;
  /** Those that last. */
  readonly alarms: readonly PoolCause[];
}

/** Dropped packets, of all that has the same of these. */
export interface DropCount {
  readonly reason: string;
  /** Empty for unknown. */
  readonly from: string;
  readonly to: string;
  readonly interface: string;
  readonly step: string;
  readonly packets: number;
}
