// The metrics, for Prometheus to scrape.

import { wallClock } from "../../base/clock.ts";
import { VERSION } from "../../base/version.ts";
import { notReady } from "../api/perform.ts";
import { route } from "../api/route.ts";
import { METRICS_CONTENT_TYPE, metricsText } from "../metrics/metrics-text.ts";
import { readProcess } from "../metrics/process-facts.ts";

export const metrics = route({
  method: "get",
  path: "/metrics",
  summary: "The metrics, as Prometheus reads them; docs/metrics.md has the list.",
  reply: METRICS_CONTENT_TYPE,
  problems: [503],
  handle: async ({ gateway }) => {
    const { reloads } = gateway;
    if (reloads === undefined) throw notReady("The gateway starts.");
    const { state, pools, drops } = await gateway.ask("readings", {});
    const { counts, loop } = await gateway.counts();
    return metricsText({
      version: VERSION,
      counts,
      loop,
      state,
      reloads,
      natLog: gateway.natLog.read(),
      pools: pools.map((level) => ({
        ...level,
        trend: gateway.pools.trend(level.id),
        alarms: gateway.pools.lasting(level.id),
      })),
      drops: drops.map(({ reason, from, to, interface: name, step, count }) => ({
        reason,
        from: from ?? "",
        to: to ?? "",
        interface: name,
        step,
        packets: count,
      })),
      process: readProcess(wallClock.now()),
    });
  },
});
