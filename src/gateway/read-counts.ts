// What the pipeline has counted, by name.

import {
  CONSUMED,
  DROP_FIRST,
  HELD,
  SENT,
  VERDICT_LIMIT,
  verdictName,
  WAITING,
} from "../packet/verdict.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { PairCount } from "./pair-totals.ts";
import type { Counts } from "./reports.ts";

export function readCounts(
  { verdicts, received, shortened }: Pipeline,
  answered: number,
  pieces: number,
  pairs: readonly PairCount[],
): Counts {
  const dropped = new Map<string, number>();
  for (let code = DROP_FIRST; code < VERDICT_LIMIT; code++) {
    if (verdicts[code]! > 0) dropped.set(verdictName(code), verdicts[code]!);
  }
  return {
    received,
    sent: verdicts[SENT]!,
    fast: shortened,
    consumed: verdicts[CONSUMED]!,
    waiting: verdicts[WAITING]! + verdicts[HELD]!,
    answered,
    pieces,
    dropped,
    pairs,
  };
}
