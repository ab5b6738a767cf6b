// The metrics as Prometheus reads them, text format 0.0.4. Everything is counted elsewhere; for
// each scrape the numbers are put into a new registry and written down.

import { Counter, Gauge, type Metric, Registry } from "prom-client";
import type { HistogramCounts } from "../histogram.ts";
import type { MetricsFacts } from "./facts.ts";
import { FAMILY_GROUPS } from "./families.ts";
import type { Family, HistogramFamily, NumberFamily } from "./family.ts";

/** Of the answer to a scrape. */
export const METRICS_CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

export function metricsText(facts: MetricsFacts): Promise<string> {
  const registry = new Registry();
  for (const { families } of FAMILY_GROUPS) {
    for (const family of families) register(registry, family, facts);
  }
  return registry.metrics();
}

function register(registry: Registry, family: Family, facts: MetricsFacts): void {
  if (family.type === "histogram") {
    registry.registerMetric(histogramOf(family, family.read(facts)));
    return;
  }
  const samples = family.read(facts);
  // The library makes a zero of a number without labels that nobody has given.
  if (samples.length === 0 && family.labels.length === 0) return;
  const metric = numberOf(registry, family);
  for (const { labels, value } of samples) metric.inc(labels, value);
}

function numberOf(registry: Registry, family: NumberFamily): Counter | Gauge {
  const { name, meaning, labels, type } = family;
  const options = { name, help: meaning, labelNames: [...labels], registers: [registry] };
  return type === "counter" ? new Counter(options) : new Gauge(options);
}

/** The library counts observations itself; ours have been counted, and are only to be written. */
function histogramOf(family: HistogramFamily, { counts, sum }: HistogramCounts): Metric {
  const { name, meaning, unit } = family;
  const values: unknown[] = [];
  let total = 0;
  for (const [step, count] of counts.entries()) {
    total += count;
    if (step === counts.length - 1) break;
    const le = roundedTo(2 ** step * unit);
    values.push({ metricName: `${name}_bucket`, labels: { le }, value: total });
  }
  values.push({ metricName: `${name}_bucket`, labels: { le: "+Inf" }, value: total });
  values.push({ metricName: `${name}_sum`, labels: {}, value: roundedTo(sum * unit) });
  values.push({ metricName: `${name}_count`, labels: {}, value: total });
  const get = async () => ({ name, help: meaning, type: "histogram", values, aggregator: "sum" });
  return { name, get } as unknown as Metric;
}

/** 1.28e-4 and not 1.2799999999999999e-4, so that a label stays what it is. */
function roundedTo(value: number): number {
  return Number(value.toPrecision(12));
}
