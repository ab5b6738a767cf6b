// What the gateway holds: flows, ports, its configuration.

import { POOL_CAUSES } from "../../insight/pools/alarms.ts";
import type { MetricsFacts, PoolFacts } from "./facts.ts";
import { counter, type Family, gauge, one, type Sample } from "./family.ts";

const POOL_LABELS = ["vpc", "peer", "pool", "protocol"];

function labelsOf({ vpc, peer, pool, protocol }: PoolFacts): Sample["labels"] {
  return { vpc, peer, pool, protocol };
}

/** Without those of which it is not known. */
function byPool(of: (pool: PoolFacts) => number | undefined): (facts: MetricsFacts) => Sample[] {
  return ({ pools }) =>
    pools.flatMap((pool) => {
      const value = of(pool);
      return value === undefined ? [] : [{ labels: labelsOf(pool), value }];
    });
}

export const STATE_FAMILIES: readonly Family[] = [
  gauge(
    "isthmus_flows",
    ["family"],
    "Flows in the table, ended ones that rest included.",
    (facts) =>
      facts.state.families.map(({ family, flows }) => ({
        labels: { family: `ipv${family}` },
        value: flows,
      })),
  ),
  gauge("isthmus_flows_capacity", ["family"], "Most flows that the table holds.", (facts) =>
    facts.state.families.map(({ family, capacity }) => ({
      labels: { family: `ipv${family}` },
      value: capacity,
    })),
  ),
  counter(
    "isthmus_flows_opened_total",
    ["from", "to"],
    "Flows opened by hosts of a VPC.",
    (facts) =>
      facts.counts.gateway.pairs.map(({ from, to, flows }) => ({
        labels: { from, to },
        value: flows,
      })),
  ),
  gauge(
    "isthmus_vpc_flows",
    ["vpc"],
    "Flows that hosts of a VPC hold open; counted where any VPC has a limit.",
    ({ state }) => state.vpcs.map(({ vpc, flows }) => ({ labels: { vpc }, value: flows })),
  ),
  gauge(
    "isthmus_vpc_flows_limit",
    ["vpc"],
    "Most flows that hosts of the VPC may hold open; for VPCs with a limit.",
    ({ state }) =>
      state.vpcs
        .filter(({ limit }) => limit > 0)
        .map(({ vpc, limit }) => ({ labels: { vpc }, value: limit })),
  ),
  gauge(
    "isthmus_public_endpoints",
    [],
    "Public endpoints (address, port, protocol) that flows hold.",
    one(({ state }) => state.mappings),
  ),
  gauge(
    "isthmus_datagrams",
    [],
    "Datagrams in fragments that the gateway remembers.",
    one(({ state }) => state.datagrams),
  ),
  gauge(
    "isthmus_pool_ports",
    POOL_LABELS,
    "Ports of a pool of public addresses, or identifiers of ICMP.",
    byPool(({ size }) => size),
  ),
  gauge(
    "isthmus_pool_ports_taken",
    POOL_LABELS,
    "Of those, the ones that are not free: in use, or resting.",
    byPool(({ taken }) => taken),
  ),
  counter(
    "isthmus_pool_refused_flows_total",
    POOL_LABELS,
    "Flows that found no free port.",
    byPool(({ refused }) => refused),
  ),
  counter(
    "isthmus_pool_elsewhere_flows_total",
    POOL_LABELS,
    "Flows that got a port of another public address than that of their host, which had none.",
    byPool(({ elsewhere }) => elsewhere),
  ),
  gauge(
    "isthmus_pool_fullest_address_ratio",
    POOL_LABELS,
    "Which part of the ports of its fullest public address is not free, 0 to 1.",
    byPool(({ fullestRatio }) => fullestRatio),
  ),
  gauge(
    "isthmus_pool_growth_ports_per_second",
    POOL_LABELS,
    "Ports taken a second, over the last minutes; negative when they become fewer. Told a minute after the start.",
    byPool(({ trend }) => trend && trend.perMinute / 60),
  ),
  gauge(
    "isthmus_pool_full_in_seconds",
    POOL_LABELS,
    "When the pool has no free port if it goes on like this; of pools of which that is foreseen within a day.",
    byPool(({ trend }) =>
      trend?.fullInMillis === undefined ? undefined : trend.fullInMillis / 1000,
    ),
  ),
  gauge(
    "isthmus_pool_alarm",
    [...POOL_LABELS, "cause"],
    "1 while the alarm lasts: 80-percent or 95-percent taken, or full-soon (within ten minutes); address-95-percent and address-full-soon are about a public address.",
    ({ pools }) =>
      pools.flatMap((pool) =>
        POOL_CAUSES.map((cause) => ({
          labels: { ...labelsOf(pool), cause },
          value: pool.alarms.includes(cause) ? 1 : 0,
        })),
      ),
  ),
  gauge(
    "isthmus_config_generation",
    [],
    "Counts the configurations applied inside the gateway, also when an MTU has changed.",
    one(({ state }) => state.generation),
  ),
  counter(
    "isthmus_config_loads_total",
    ["result"],
    'Configurations that were given: result "applied" or "refused". The first is the one at start.',
    ({ reloads }) => [
      { labels: { result: "applied" }, value: reloads.applied },
      { labels: { result: "refused" }, value: reloads.refused },
    ],
  ),
  gauge(
    "isthmus_config_last_load_applied",
    [],
    "1 when the last configuration given was applied, 0 when it was refused.",
    one(({ reloads }) => (reloads.lastApplied ? 1 : 0)),
  ),
  gauge(
    "isthmus_config_applied_timestamp_seconds",
    [],
    "When the configuration in force was applied, in seconds since 1970.",
    one(({ reloads }) => reloads.appliedAt / 1000),
  ),
  gauge(
    "isthmus_config_apply_seconds",
    [],
    "How long applying it took.",
    one(({ reloads }) => reloads.millis / 1000),
  ),
  counter(
    "isthmus_config_kept_flows_total",
    [],
    "Flows that went on under a new configuration.",
    one(({ reloads }) => reloads.kept),
  ),
  counter(
    "isthmus_config_ended_flows_total",
    ["reason"],
    "Flows that a new configuration has ended; docs/running.md explains the reasons.",
    ({ reloads }) =>
      [...reloads.ended].map(([reason, flows]) => ({ labels: { reason }, value: flows })),
  ),
];
