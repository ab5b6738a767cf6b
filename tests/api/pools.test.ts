// Pools: their list, the alarms about them, and the metrics.

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import type { z } from "zod";
import { pools } from "../../src/insight/pools.ts";
import { finish } from "../../src/insight/work.ts";
import type { DataPath } from "../../src/live/data-path.ts";
import { FAMILY_GROUPS } from "../../src/live/metrics/families.ts";
import { PoolWatch } from "../../src/live/pool-watch.ts";
import { pools as poolPage } from "../../src/live/questions/pools.ts";
import { pools as poolsRoute } from "../../src/live/routes/pools.ts";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { configOf, pass, rawInterface } from "../support/gateway.ts";
import { parsePrometheus } from "../support/prometheus-text.ts";
import { Api, CONFIG } from "./api.ts";

let api: Api;

beforeEach(() => {
  api = new Api();
});
afterEach(() => api.close());

/** `count` flows of one host, from these ports on. */
function send(host: number, count: number, first = 2000): void {
  const blue = rawInterface(api.gateway, "blue");
  for (let i = 0; i < count; i++) {
    pass(
      api.gateway,
      blue,
      buildPacket(parsePacket(`udp 10.0.0.${host}:${first + i} > 10.1.0.1:53`)),
    );
  }
}

/** A look every 10 seconds. */
async function look(): Promise<void> {
  api.clock.advance(10_000);
  await api.pools.look();
}

async function listPools(url = "/v1/pools") {
  const { status, reply } = await api.request(url);
  assert.equal(status, 200, JSON.stringify(reply));
  (poolsRoute.reply as z.ZodType).parse(reply);
  return reply;
}

test("a pool tells how full it is, who has most, and where it is written", async () => {
  send(4, 3);
  send(5, 7);
  const { items, next } = await listPools();
  assert.equal(next, null);
  assert.deepEqual(
    items.map(({ protocol }: { protocol: string }) => protocol),
    ["icmp", "tcp", "udp"],
  );
  const { place, expose, ...udp } = items[2];
  const topUsers = [
    { address: "10.0.0.5", ports: 7 },
    { address: "10.0.0.4", ports: 3 },
  ];
  assert.deepEqual(udp, {
    vpc: "blue",
    peer: "green",
    peering: "p",
    pool: "192.0.2.1/32",
    protocol: "udp",
    size: 64_512,
    used: 10,
    resting: 0,
    free: 64_502,
    refused: 0,
    elsewhere: 0,
    growthPerSecond: null,
    fullInSeconds: null,
    topUsers,
    addressCount: 1,
    addresses: [
      {
        ...{ address: "192.0.2.1", size: 64_512, used: 10, resting: 0, free: 64_502 },
        ...{ refused: 0, elsewhere: 0, growthPerSecond: null, fullInSeconds: null, topUsers },
      },
    ],
  });
  assert.equal(expose, "expose 1 of blue");
  assert.equal(typeof place.line, "number");
});

test("pools come in pages", async () => {
  const seen: string[] = [];
  for (let cursor: string | null = "0"; cursor !== null; ) {
    const { items, next } = await listPools(`/v1/pools?limit=2&cursor=${cursor}`);
    seen.push(...items.map(({ protocol }: { protocol: string }) => protocol));
    cursor = next;
  }
  assert.deepEqual(seen, ["icmp", "tcp", "udp"]);
  assert.deepEqual(await listPools("/v1/pools?cursor=77"), { items: [], next: null });
  for (const query of ["limit=0", "limit=1001", "cursor=-1", "cursor=x", "first=1"]) {
    assert.equal((await api.request(`/v1/pools?${query}`)).status, 400, query);
  }
});

/** A pool of ten ports for each protocol and address. */
function useSmallPool(cidr = "192.0.2.1/32"): void {
  const config = JSON.parse(CONFIG);
  const [expose] = config.peerings.p.peering.blue.expose;
  expose.as = [{ cidr }];
  expose.nat.masquerade = { ports: "2000-2009" };
  api.gateway.apply(configOf(config));
}

test("growth is known after a minute, and when the pool will be full", async () => {
  useSmallPool();
  for (let i = 0; i < 7; i++) {
    send(4, 1, 3000 + i);
    await look();
  }
  const udp = (await listPools()).items[2];
  assert.deepEqual([udp.used, udp.growthPerSecond, udp.fullInSeconds], [7, 0.1, 30]);
  const tcp = (await listPools()).items[1];
  assert.deepEqual([tcp.growthPerSecond, tcp.fullInSeconds], [0, null]);
});

test("an alarm is told before the pool is empty, and its end", async () => {
  useSmallPool();
  const told: string[] = [];
  api.events.listen(({ kind, data }) => told.push(`${kind} ${data["cause"]} ${data["taken"]}`));
  send(4, 7);
  await look();
  assert.deepEqual(told, []);
  send(4, 1, 3000);
  await look();
  assert.deepEqual(told, ["pool-alarm 80-percent 8"]);
  const [warning] = api.lines;
  assert.deepEqual(
    [warning?.level, warning?.message],
    ["warn", "blue > green: 8 of 10 udp ports (80 %) of 192.0.2.1/32 are taken"],
  );
  assert.equal(warning?.details?.["pool"], "192.0.2.1/32");
  send(4, 2, 4000);
  await look();
  await look();
  assert.deepEqual(told.splice(1), ["pool-alarm 95-percent 10"]);
  assert.equal(told.length, 1);
  api.gateway.advance(3_600_000);
  api.gateway.sweep(1 << 16, 3_600_000);
  api.gateway.advance(7_200_000);
  api.gateway.sweep(1 << 16, 7_200_000);
  await look();
  assert.deepEqual(told.slice(1), ["pool-alarm-over 80-percent 0", "pool-alarm-over 95-percent 0"]);
  assert.equal(api.lines.at(-1)?.level, "info");
});

test("an address that fills is foretold, and told when it is full, while the pool is not", async () => {
  useSmallPool("192.0.2.0/29");
  const told: string[] = [];
  api.events.listen(({ kind, data }) => {
    told.push(`${kind} ${data["cause"]} ${data["taken"]}/${data["size"]} ${data["pool"]}`);
  });
  for (let i = 0; i < 8; i++) {
    send(4, 1, 3000 + i);
    await look();
  }
  const [udp] = (await listPools()).items.slice(2);
  assert.deepEqual([udp.refused, udp.addressCount, udp.addresses.length], [0, 8, 1]);
  const [{ address, ...home }] = udp.addresses;
  assert.deepEqual(
    [home.used, home.free, home.growthPerSecond, home.fullInSeconds, home.topUsers],
    [8, 2, 0.1, 20, [{ address: "10.0.0.4", ports: 8 }]],
  );
  send(4, 5, 4000);
  await look();
  const [{ elsewhere, addresses }] = (await listPools()).items.slice(2);
  assert.deepEqual(
    [elsewhere, addresses.map((each: { elsewhere: number }) => each.elsewhere)],
    [3, [3, 0]],
  );
  assert.deepEqual(told, [
    "pool-alarm address-full-soon 7/10 192.0.2.0/29",
    "pool-alarm full-soon 13/80 192.0.2.0/29",
    "pool-alarm address-95-percent 10/10 192.0.2.0/29",
  ]);
  assert.match(api.lines.at(-1)!.message, new RegExp(`of ${address}, one of 192\\.0\\.2\\.0/29,`));
  assert.equal(api.lines.at(-1)!.details?.["address"], address);
  const { families } = await scrape();
  const measured = (name: string) =>
    families.get(name)!.samples.find(({ labels }) => labels.get("protocol") === "udp")?.value;
  assert.equal(measured("isthmus_pool_fullest_address_ratio"), 1);
  assert.equal(measured("isthmus_pool_elsewhere_flows_total"), 3);
});

test("a pool that fills at once is logged once", async () => {
  useSmallPool();
  const told: string[] = [];
  api.events.listen(({ data }) => told.push(String(data["cause"])), ["pools"]);
  send(4, 10);
  await look();
  assert.deepEqual(told, ["80-percent", "95-percent"]);
  assert.equal(api.lines.length, 1);
});

test("while an answer is awaited the pools are not asked for again", async () => {
  const { promise, reject } = Promise.withResolvers<never[]>();
  let asked = 0;
  const pools = new PoolWatch({
    levels: () => {
      asked++;
      return promise;
    },
    clock: api.clock,
    log: () => {},
    events: api.events,
  });
  const first = pools.look();
  await pools.look();
  await pools.look();
  assert.equal(asked, 1);
  reject(new Error("the gateway stops"));
  await first;
  await pools.look();
  assert.equal(asked, 2);
});

async function scrape() {
  const { statusCode, headers, body } = await api.app.inject({ method: "GET", url: "/metrics" });
  assert.equal(statusCode, 200, body);
  return { type: headers["content-type"], families: parsePrometheus(body) };
}

test("the metrics are what Prometheus reads, all that the list has", async () => {
  useSmallPool();
  send(4, 12);
  await look();
  const { type, families } = await scrape();
  assert.equal(type, "text/plain; version=0.0.4; charset=utf-8");
  const wanted = FAMILY_GROUPS.flatMap((group) => group.families).map(({ name }) => name);
  assert.deepEqual([...families.keys()], wanted);
  const value = (name: string, labels: Record<string, string> = {}) =>
    families
      .get(name)!
      .samples.find((each) =>
        Object.entries(labels).every(([key, label]) => each.labels.get(key) === label),
      )?.value;
  const udp = { vpc: "blue", peer: "green", pool: "192.0.2.1/32", protocol: "udp" };
  assert.equal(value("isthmus_received_packets_total"), 12);
  assert.equal(value("isthmus_pool_ports_taken", udp), 10);
  assert.equal(value("isthmus_pool_refused_flows_total", udp), 2);
  assert.equal(value("isthmus_pool_alarm", { ...udp, cause: "95-percent" }), 1);
  assert.equal(value("isthmus_pool_alarm", { protocol: "tcp", cause: "95-percent" }), 0);
  const drop = { reason: "no-free-port", from: "blue", to: "green", interface: "blue" };
  assert.equal(value("isthmus_dropped_packets_total", drop), 2);
  assert.equal(value("isthmus_config_loads_total", { result: "applied" }), 1);
});

test("by TCP the metrics need the token, and before the gateway runs there are none", async () => {
  const guarded = new Api({ via: "tcp", token: "0123456789abcdef" });
  const { statusCode } = await guarded.app.inject({ method: "GET", url: "/metrics" });
  assert.equal(statusCode, 401);
  await guarded.close();
  api.reloads = undefined;
  assert.equal((await api.request("/metrics")).status, 503);
});

test("pools are handed over as texts, and not more than packets may wait for", () => {
  send(4, 3);
  const dataPath = { gateway: api.gateway } as DataPath;
  const all = finish(poolPage(dataPath, { first: 0, most: 3 }));
  assert.deepEqual([all.texts.length, all.next], [3, null]);
  assert.equal(all.texts[2], JSON.stringify(finish(pools(api.gateway))[2]));
  const few = finish(poolPage(dataPath, { first: 1, most: 1 }));
  assert.deepEqual(few, { texts: [all.texts[1]], next: 2 });
  const long = finish(poolPage(dataPath, { first: 0, most: 3 }, all.texts[0]!.length + 1));
  assert.deepEqual(long, { texts: all.texts.slice(0, 2), next: 2 });
});
