// The names under which the Hedgehog gateway tells its traffic, so that what was made for it goes
// on working. There they are gauges, though they count; rates are left to Prometheus.

import type { MetricsFacts } from "./facts.ts";
import { type Family, gauge, type Sample } from "./family.ts";

type Value = "packets" | "bytes" | "dropped";

/** By the VPC that sent. */
function sums({ counts }: MetricsFacts, label: string, value: Value): Sample[] {
  const result = new Map<string, number>();
  for (const pair of counts.gateway.pairs) {
    result.set(pair.from, (result.get(pair.from) ?? 0) + pair[value]);
  }
  return [...result].map(([vpc, sum]) => ({ labels: { [label]: vpc }, value: sum }));
}

function pairs({ counts }: MetricsFacts, value: Value): Sample[] {
  return counts.gateway.pairs.map((pair) => ({
    labels: { from: pair.from, to: pair.to },
    value: pair[value],
  }));
}

export const REFERENCE_FAMILIES: readonly Family[] = [
  gauge(
    "vpc_packet_count",
    ["total", "drops", "from", "to"],
    "Packets: of one VPC to all (total), dropped after the peer was known (drops), or of a pair (from, to).",
    (facts) => [
      ...sums(facts, "total", "packets"),
      ...sums(facts, "drops", "dropped"),
      ...pairs(facts, "packets"),
    ],
  ),
  gauge(
    "vpc_byte_count",
    ["total", "from", "to"],
    "Bytes of IP packets: of one VPC to all (total), or of a pair (from, to).",
    (facts) => [...sums(facts, "total", "bytes"), ...pairs(facts, "bytes")],
  ),
  gauge(
    "vpc_pair_drops_packet_count",
    ["from", "to"],
    "Packets of a pair that were dropped.",
    (facts) => pairs(facts, "dropped"),
  ),
];
