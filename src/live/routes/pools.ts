// Pools of public endpoints.

import { z } from "zod";
import type { Trend } from "../../insight/pools/forecast.ts";
import type { PoolAddressReport, PoolReport } from "../../insight/pools.ts";
import type { ApiGateway } from "../api/gateway.ts";
import { listOf } from "../api/lists.ts";
import { wholeNumber } from "../api/parameters.ts";
import { route } from "../api/route.ts";
import { place } from "./peerings.ts";

const LIMIT = 100;
const LIMIT_MAX = 1000;
const FIRST_MAX = 10_000_000;

const ports = z.int();
const seconds = z.number().nullable();

const trendOfPorts = {
  growthPerSecond: seconds.describe("ports, over the last minutes; null: not known yet"),
  fullInSeconds: seconds.describe("when the last is taken; null: not foreseen within a day"),
};
const users = z.array(z.strictObject({ address: z.string(), ports }));

const publicAddress = z.strictObject({
  address: z.string(),
  size: ports.describe("those that the pool may give of it"),
  used: ports.describe("by flows of this pool that are alive"),
  resting: ports.describe("likewise, whose last flow is over"),
  free: ports.describe("taken by nobody; other exposes may have the same address"),
  refused: z
    .int()
    .describe(
      "flows that looked for a port here first, where their host belongs, and found none at all",
    ),
  elsewhere: z
    .int()
    .describe("likewise, flows that found none here and got one of another address"),
  ...trendOfPorts,
  topUsers: users.describe("private addresses that have most of its ports, three at most"),
});

export const pool = z.strictObject({
  vpc: z.string().describe("whose hosts are behind the public addresses"),
  peer: z.string().describe("the VPC that sees the public addresses"),
  peering: z.string(),
  expose: z.string(),
  place: place.nullable().describe("of the expose"),
  pool: z.string().describe("the public prefixes, separated by commas"),
  protocol: z.string(),
  size: ports.describe("ports, or identifiers of ICMP, of all its addresses"),
  used: ports.describe("by flows of this pool that are alive"),
  resting: ports.describe("likewise, whose last flow is over: nobody else gets them yet"),
  free: ports.describe("taken by nobody; other exposes may have the same addresses"),
  refused: z.int().describe("flows that found no free port, since the start"),
  elsewhere: z
    .int()
    .describe("flows that got a port of another address than their host's, which had none"),
  ...trendOfPorts,
  topUsers: users.describe(
    "private addresses that have most, ten at most; a shared port counts by its flows",
  ),
  addressCount: z.int().describe("public addresses"),
  addresses: z
    .array(publicAddress)
    .describe("of those that have been used the fullest, fullest first, 100 at most"),
});

export const pools = route({
  method: "get",
  path: "/v1/pools",
  summary: "The pools of public endpoints, by protocol, in pages.",
  query: z.strictObject({
    limit: wholeNumber(1, LIMIT_MAX, `most pools on a page; ${LIMIT} if absent`).optional(),
    cursor: wholeNumber(0, FIRST_MAX, "`next` of another page").optional(),
  }),
  reply: listOf(pool),
  handle: async ({ gateway, query: { limit = LIMIT, cursor: first = 0 } }) => {
    const { texts, next } = await gateway.ask("pools", { first, most: limit });
    return {
      items: texts.map((text) => describePool(JSON.parse(text) as PoolReport, gateway.pools)),
      next: next === null ? null : `${next}`,
    };
  },
});

type Trends = ApiGateway["pools"];

function describePool(report: PoolReport, trends: Trends) {
  const { id, taken, addresses, fullest, holders, place = null, ...more } = report;
  const { isPaired, fullestRatio, ...rest } = more;
  return {
    ...rest,
    place,
    ...describeTrend(trends.trend(id)),
    topUsers: holders,
    addressCount: addresses,
    addresses: fullest.map((each) => describeAddress(each, trends.addressTrend(id, each.set))),
  };
}

function describeAddress(report: PoolAddressReport, trend: Trend | undefined) {
  const { set, holders, ...rest } = report;
  return { ...rest, ...describeTrend(trend), topUsers: holders };
}

function describeTrend(trend: Trend | undefined) {
  return {
    growthPerSecond: trend === undefined ? null : trend.perMinute / 60,
    fullInSeconds: trend?.fullInMillis === undefined ? null : trend.fullInMillis / 1000,
  };
}
