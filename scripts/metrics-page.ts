// docs/metrics.md from the list of metrics: `node scripts/metrics-page.ts` writes the page, and
// tests/metrics.test.ts sees that nobody forgot to.

import { writeFileSync } from "node:fs";
import { FAMILY_GROUPS } from "../src/live/metrics/families.ts";
import type { Family } from "../src/live/metrics/family.ts";

function row({ name, type, labels, meaning }: Family): string {
  return `| \`${name}\` | ${type} | ${labels.join(", ")} | ${meaning} |`;
}

/** The whole page, as it must be. */
export function metricsPage(): string {
  const groups = FAMILY_GROUPS.flatMap(({ title, families }) => [
    "",
    `## ${title}`,
    "",
    "| name | type | labels | meaning |",
    "| --- | --- | --- | --- |",
    ...families.map(row),
  ]);
  return [
    "# Metrics",
    "",
    "What the gateway tells Prometheus at `GET /metrics`, text format 0.0.4, on the socket and the address of",
    "its [API](api.md) and under the same rules. Counters begin with the process and never go down; rates are for",
    "Prometheus to make: `rate(isthmus_pair_packets_total[5m])`.",
    "",
    "```yaml",
    "scrape_configs:",
    "  - job_name: isthmus",
    "    authorization: { credentials: the token of isthmus.api }",
    '    static_configs: [{ targets: ["192.0.2.1:9477"] }]',
    "```",
    "",
    "`examples/monitoring/grafana.json` is a board for Grafana, `examples/monitoring/alerts.yaml` has rules for alarms. Both take the",
    'gateway to be scraped as `job="isthmus"`.',
    ...groups,
    "",
    "This page is written by `scripts/metrics-page.ts` from `src/live/metrics/families.ts`.",
    "",
  ].join("\n");
}

if (import.meta.main) {
  writeFileSync(new URL("../docs/metrics.md", import.meta.url), metricsPage());
}
