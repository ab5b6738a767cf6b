import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { property } from "../../../tests/support/property.ts";
import { PoolForecast, type Sample, trendOf } from "./forecast.ts";

/** A sample every 10 seconds. */
function samples(taken: readonly number[]): Sample[] {
  return taken.map((each, index) => ({ time: 10_000 * index, taken: each }));
}

test("a pool that loses 100 ports every 10 seconds is empty when the rest is gone", () => {
  const taken = [0, 100, 200, 300, 400, 500, 600, 700];
  const trend = trendOf(samples(taken), 1300)!;
  assert.equal(Math.round(trend.perMinute), 600);
  assert.equal(Math.round(trend.fullInMillis!), 60_000);
});

test("a pool that does not grow is never full", () => {
  for (const taken of [Array(8).fill(500), [8, 7, 6, 5, 4, 3, 2, 1]]) {
    const trend = trendOf(samples(taken), 1000)!;
    assert.ok(trend.perMinute <= 0);
    assert.equal(trend.fullInMillis, undefined);
  }
});

test("what is farther off than a day is not told", () => {
  const trend = trendOf(samples([0, 0, 0, 0, 0, 0, 1, 1]), 64_512)!;
  assert.ok(trend.perMinute > 0);
  assert.equal(trend.fullInMillis, undefined);
});

test("a full pool is full now", () => {
  assert.equal(trendOf(samples([1, 2, 3, 4, 5, 6, 7]), 7)!.fullInMillis, 0);
});

test("few samples, or many of one moment, say nothing", () => {
  assert.equal(trendOf([], 10), undefined);
  assert.equal(trendOf(samples([1, 5, 9]), 10), undefined);
  assert.equal(trendOf(samples([1, 2, 3, 4, 5, 6]), 10), undefined);
  assert.equal(trendOf(Array(10).fill({ time: 5, taken: 1 }), 10), undefined);
});

property(
  "a line is found again, whatever the times",
  [
    fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 4, maxLength: 30 }),
    fc.integer({ min: -1000, max: 1000 }),
  ],
  (gaps, perMinute) => {
    let time = 0;
    const line = [0, 60_000, ...gaps].map((gap) => {
      time += gap;
      return { time, taken: 100_000 + (perMinute * time) / 60_000 };
    });
    assert.ok(Math.abs(trendOf(line, 1e6)!.perMinute - perMinute) < 1e-3);
  },
);

test("the forecast looks at the last five minutes, at most every five seconds", () => {
  const forecast = new PoolForecast();
  const tell = (time: number, taken: number, size = 10_000) =>
    forecast.add([{ id: "a", size, taken }], time);
  for (let second = 0; second <= 600; second++) tell(1000 * second, 5000);
  assert.equal(forecast.trend("a")!.perMinute, 0);
  for (let second = 601; second <= 960; second++) tell(1000 * second, 5000 + second - 600);
  assert.equal(Math.round(forecast.trend("a")!.perMinute), 60);
});

test("a pool of another size begins anew, and one that is gone is forgotten", () => {
  const forecast = new PoolForecast();
  for (let i = 0; i < 20; i++) forecast.add([{ id: "a", size: 100, taken: i }], 5000 * i);
  assert.notEqual(forecast.trend("a"), undefined);
  forecast.add([{ id: "a", size: 50, taken: 20 }], 100_000);
  assert.equal(forecast.trend("a"), undefined);
  forecast.add([], 105_000);
  forecast.add([{ id: "a", size: 50, taken: 20 }], 110_000);
  assert.equal(forecast.trend("a"), undefined);
});
