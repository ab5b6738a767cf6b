import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { property } from "../../tests/support/property.ts";
import { Histogram } from "./histogram.ts";

test("each number is in the step of the next power of two", () => {
  const histogram = new Histogram(3);
  for (const value of [0, 1, 2, 3, 4, 5, 8, 9, 1000]) histogram.add(value);
  assert.deepEqual(histogram.read(), { counts: [2, 1, 2, 2, 2], sum: 1032 });
});

property(
  "a number is above the step before its own, and not above its own",
  [fc.integer({ min: 0, max: 2 ** 31 - 1 })],
  (value) => {
    const histogram = new Histogram(30);
    histogram.add(value);
    const step = histogram.read().counts.indexOf(1);
    assert.ok(step === 31 ? value > 2 ** 30 : value <= 2 ** step);
    assert.ok(step === 0 || value > 2 ** (step - 1));
  },
);
