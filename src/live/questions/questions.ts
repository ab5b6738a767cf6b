// Every question that there is.

import type { Work } from "../../insight/work.ts";
import { closeCapture, fetchCapture, openCapture } from "./capture.ts";
import { dropNews } from "./drop-news.ts";
import { dropSamples, drops } from "./drops.ts";
import { explain } from "./explain.ts";
import { flows, killFlows } from "./flows.ts";
import { interfaces } from "./interfaces.ts";
import { neighbors } from "./neighbors.ts";
import { plan } from "./plan.ts";
import { pools, watchedPools } from "./pools.ts";
import { readings } from "./readings.ts";
import { stats } from "./stats.ts";

export type { Question } from "./question.ts";

export const QUESTIONS = {
  openCapture,
  fetchCapture,
  closeCapture,
  drops,
  dropSamples,
  dropNews,
  explain,
  flows,
  killFlows,
  interfaces,
  neighbors,
  plan,
  pools,
  readings,
  stats,
  watchedPools,
} as const;

export type QuestionName = keyof typeof QUESTIONS;
/** What is told with a question, and its answer. */
export type Asked<N extends QuestionName> = Parameters<(typeof QUESTIONS)[N]>[1];
export type Reply<N extends QuestionName> =
  ReturnType<(typeof QUESTIONS)[N]> extends Work<infer T> ? T : never;
