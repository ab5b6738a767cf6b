import assert from "node:assert/strict";
import { test } from "node:test";
import { PoolAlarms } from "./alarms.ts";
import type { PoolLevel } from "./levels.ts";

function level(taken: number, size = 1000): PoolLevel {
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
