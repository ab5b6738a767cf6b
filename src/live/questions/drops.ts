// What was dropped: counted, and the last packets of each kind.

import { systemClock, wallClock } from "../../base/clock.ts";
import { drops as dropsOf } from "../../insight/drops/report.ts";
import { type DropSample, listSamples, type SampleFilter } from "../../insight/drops/samples.ts";
import { dropReport, type LiveDropReport } from "../drop-report.ts";
import type { Nothing, Question } from "./question.ts";

// biome-ignore lint/correctness/useYield: some thousand counters at most
export const drops: Question<Nothing, LiveDropReport> = function* (dataPath) {
  return dropReport(dropsOf(dataPath.gateway), dataPath.counts().interfaces);
};

export interface SamplesReply {
  readonly samples: readonly DropSample[];
  /** Milliseconds since 1970 when the clock that samples are stamped by, this thread's, was 0. */
  readonly epochMillis: number;
}

export const dropSamples: Question<SampleFilter, SamplesReply> = function* ({ gateway }, filter) {
  const samples = yield* listSamples(gateway, filter);
  return { samples, epochMillis: wallClock.now() - systemClock.now() };
};
