// What a metric is, before there are numbers.

import type { HistogramCounts } from "../histogram.ts";
import type { MetricsFacts } from "./facts.ts";

interface FamilyBase {
  /** In the words of Prometheus: units last, counters end in _total. */
  readonly name: string;
  /** One sentence, which is also the HELP line and the line in docs/metrics.md. */
  readonly meaning: string;
  readonly labels: readonly string[];
}

/** A number, and which one: by label. Labels may be left out. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface NumberFamily extends FamilyBase {
  readonly type: "counter" | "gauge";
  readonly read: (facts: MetricsFacts) => readonly Sample[];
}

/** Steps are powers of two; `unit` is what 1 is in the metric's unit. */
export interface HistogramFamily extends FamilyBase {
  readonly type: "histogram";
  readonly unit: number;
  readonly read: (facts: MetricsFacts) => HistogramCounts;
}

export type Family = NumberFamily | HistogramFamily;

type Read = (facts: MetricsFacts) => readonly Sample[];

export function counter(
  name: string,
  labels: readonly string[],
  meaning: string,
  read: Read,
): Family {
  return { type: "counter", name, labels, meaning, read };
}

export function gauge(
  name: string,
  labels: readonly string[],
  meaning: string,
  read: Read,
): Family {
  return { type: "gauge", name, labels, meaning, read };
}

/** One number without labels. */
export function one(read: (facts: MetricsFacts) => number): Read {
  return (facts) => [{ labels: {}, value: read(facts) }];
}
