// What metrics are made of, as far as the gateway knows it.

import { type DropCell, dropCells } from "../../insight/drops/cells.ts";
import { type PoolLevel, poolLevels } from "../../insight/pools/levels.ts";
import { type GatewayState, gatewayState } from "../../insight/state.ts";
import type { Nothing, Question } from "./question.ts";

export interface Readings {
  readonly state: GatewayState;
  readonly pools: readonly PoolLevel[];
  readonly drops: readonly DropCell[];
}

export const readings: Question<Nothing, Readings> = function* ({ gateway }) {
  const pools = yield* poolLevels(gateway);
  const drops = yield* dropCells(gateway);
  return { state: gatewayState(gateway), pools, drops };
};
