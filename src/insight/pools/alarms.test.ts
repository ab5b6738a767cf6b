import assert from "node:assert/strict";
import { test } from "node:test";
import { PoolAlarms } from "./alarms.ts";
import type { WatchedPool } from "./watched.ts";

const NO_ADDRESSES: WatchedPool["watched"] = {
  sets: new Int32Array(0),
  sizes: new Int32Array(0),
  taken: new Int32Array(0),
  bytes: new Uint8Array(0),
};

function level(taken: number, size = 1000): WatchedPool {
  return {
    id: "blue > green 192.0.2.1/32 tcp",
    vpc: "blue",
    peer: "green",
    peering: "p",
    pool: "192.0.2.1/32",
    protocol: "tcp",
    expose: "expose 1 of blue",
    place: undefined,
    addresses: 1,
    size,
    taken,
    free: size - taken,
    refused: 0,
    elsewhere: 0,
    isPaired: true,
    fullestRatio: 0,
    watched: NO_ADDRESSES,
  };
}

/** What is told when `taken` ports are taken, one number every 10 seconds. */
function told(taken: readonly number[], size = 1000): string[] {
  const alarms = new PoolAlarms();
  return taken.flatMap((each, index) =>
    alarms
      .observe([level(each, size)], 10_000 * index)
      .map(({ kind, cause }) => `${index} ${kind} ${cause}`),
  );
}

test("80 and 95 percent are told once, and when they are over by five", () => {
  assert.deepEqual(told([0, 799, 800, 810, 760, 749]), [
    "2 pool-alarm 80-percent",
    "5 pool-alarm-over 80-percent",
  ]);
  assert.deepEqual(told([960, 940, 900, 899, 0]), [
    "0 pool-alarm 80-percent",
    "0 pool-alarm 95-percent",
    "3 pool-alarm-over 95-percent",
    "4 pool-alarm-over 80-percent",
  ]);
});

test("a pool that will be full within ten minutes is told while it is nearly empty", () => {
  const growing = Array.from({ length: 10 }, (_, index) => 100 * index);
  const events = told(growing, 6000);
  assert.deepEqual(events, ["6 pool-alarm full-soon"]);
});

test("a pool that grows slowly is not told", () => {
  assert.deepEqual(
    told(
      Array.from({ length: 20 }, (_, index) => index),
      6000,
    ),
    [],
  );
});

test("an event says in a sentence what is so", () => {
  const alarms = new PoolAlarms();
  const [event] = alarms.observe([level(812)], 0);
  assert.equal(
    event!.sentence,
    "blue > green: 812 of 1000 tcp ports (81 %) of 192.0.2.1/32 are taken",
  );
  assert.equal(event!.fullInMillis, undefined);
});

test("a pool without ports is not told, nor one that is gone", () => {
  const alarms = new PoolAlarms();
  assert.deepEqual(alarms.observe([level(0, 0)], 0), []);
  alarms.observe([level(900)], 1);
  assert.deepEqual(alarms.observe([], 2), []);
});

/** A pool with addresses of 1000 ports each, as full as that. */
function pool(taken: readonly number[], isPaired = true): WatchedPool {
  const ofAll = taken.reduce((sum, each) => sum + each, 0);
  const sets = [...taken.keys()].sort((a, b) => taken[b]! - taken[a]!);
  return {
    ...level(ofAll, 1000 * taken.length),
    pool: "192.0.2.0/24",
    addresses: taken.length,
    isPaired,
    watched: {
      sets: Int32Array.from(sets),
      sizes: new Int32Array(taken.length).fill(1000),
      taken: Int32Array.from(sets, (set) => taken[set]!),
      bytes: Uint8Array.from(sets.flatMap((set) => [192, 0, 2, 1 + set])),
    },
  };
}

/** The alarms about addresses, a look every 10 seconds. */
function toldOf(looks: readonly WatchedPool[]): string[] {
  const alarms = new PoolAlarms();
  return looks.flatMap((each, index) =>
    alarms
      .observe([each], 10_000 * index)
      .map(({ kind, cause, address }) => `${index} ${kind} ${cause} ${address}`),
  );
}

test("a full address of a pool that is not is told, as long as hosts have one of their own", () => {
  const looks = [[949, 0], [950, 0], [1000, 951], [899, 0]]; // biome-ignore format: a table
  assert.deepEqual(toldOf(looks.map((taken) => pool([...taken, 0]))), [
    "1 pool-alarm address-95-percent 192.0.2.1",
    "3 pool-alarm-over address-95-percent 192.0.2.1",
  ]);
  assert.deepEqual(toldOf([pool([1000, 0, 0], false)]), []);
  assert.deepEqual(toldOf([pool([1000, 0, 0]), pool([1000, 0, 0], false)]).length, 1);
});

test("an alarm about the pool says enough, also of its addresses", () => {
  assert.deepEqual(
    toldOf([pool([960, 950])]).map((line) => line.split(" ")[2]),
    ["80-percent", "95-percent"],
  );
});

test("an address that will be full within ten minutes is told, when half of it is taken", () => {
  const looks = Array.from({ length: 10 }, (_, index) =>
    pool([600, 300 + 30 * index, 30 * index, 0, 0, 0]),
  );
  assert.deepEqual(toldOf(looks), ["7 pool-alarm address-full-soon 192.0.2.2"]);
});

test("one that grows as fast and is not half full is not told", () => {
  const looks = Array.from({ length: 12 }, (_, index) => pool([40 * index, 0, 0, 0, 0, 0]));
  assert.deepEqual(toldOf(looks), []);
});

test("what is over is told of the address that the alarm was about", () => {
  const growing = Array.from({ length: 10 }, (_, index) => pool([600, 300 + 30 * index, 0, 0, 0]));
  assert.deepEqual(toldOf([...growing, pool([600, 100, 0, 0, 0])]), [
    "7 pool-alarm address-full-soon 192.0.2.2",
    "10 pool-alarm-over address-full-soon 192.0.2.2",
  ]);
  const full = [[960, 0], [960, 970], [100, 870]]; // biome-ignore format: a table
  assert.deepEqual(toldOf(full.map((taken) => pool([...taken, 0, 0]))), [
    "0 pool-alarm address-95-percent 192.0.2.1",
    "2 pool-alarm-over address-95-percent 192.0.2.1",
  ]);
});

test("an event about an address has its numbers, and names the pool", () => {
  const [event] = new PoolAlarms().observe([pool([960, 0, 0])], 0);
  const sentence =
    "blue > green: 960 of 1000 tcp ports (96 %) of 192.0.2.1, one of 192.0.2.0/24, are taken";
  const { taken, size } = event!;
  assert.deepEqual([event!.sentence, taken, size], [sentence, 960, 1000]);
});

test("the growth of an address is known by its set", () => {
  const alarms = new PoolAlarms();
  for (let i = 0; i < 10; i++) alarms.observe([pool([500, 10 * i])], 10_000 * i);
  const { id } = pool([]);
  assert.equal(alarms.addressTrend(id, 0)?.perMinute, 0);
  assert.equal(Math.round(alarms.addressTrend(id, 1)!.perMinute), 60);
  assert.equal(alarms.addressTrend(id, 2), undefined);
});
