// What a flow table is made of.

import type { Memory } from "../base/arena.ts";
import type { FlowEvents } from "./flow-events.ts";
import type { FetchMappings, Release } from "./flow-holds.ts";
import type { Timers } from "./flow-timers.ts";
import type { HashKey } from "./key-hash.ts";
import type { VpcLimits } from "./vpc-flows.ts";

export interface FlowTableOptions {
  readonly v6: boolean;
  /** Most flows at a time. */
  readonly capacity: number;
  readonly memory: Memory;
  readonly hashKey: HashKey;
  /** By timer set number. */
  readonly timers: readonly Timers[];
  /** Called for what the draft of a flow held, when the flow is gone, and before that for many. */
  readonly release: Release;
  readonly fetchMappings?: FetchMappings | undefined;
  readonly limits: VpcLimits;
  /** Undefined: nothing is recorded. */
  readonly events?: FlowEvents | undefined;
}
