// What the gateway has counted, and what it holds.

import type { Tracked } from "../../gateway/gateway.ts";
import type { DataPathCounts } from "../data-path.ts";
import type { Nothing, Question } from "./question.ts";

export interface Stats extends DataPathCounts {
  readonly tracked: Tracked;
  /** Most flows at a time, of each address family. */
  readonly flowCapacity: number;
}

// biome-ignore lint/correctness/useYield: nothing is walked over
export const stats: Question<Nothing, Stats> = function* (dataPath) {
  const { gateway } = dataPath;
  const flowCapacity = gateway.parts.flows.tables[0].capacity;
  return { ...dataPath.counts(), tracked: gateway.tracked(), flowCapacity };
};
