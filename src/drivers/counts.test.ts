import assert from "node:assert/strict";
import { test } from "node:test";
import { addCounters, newCounts, readCounts } from "./counts.ts";

test("counters of two drivers, one after the other, add up", () => {
  const [a, b] = [newCounts().map((_, i) => i + 1), newCounts().map((_, i) => 10 * i)];
  const both = readCounts(a.map((count, i) => count + b[i]!));
  assert.deepEqual(addCounters(readCounts(a), readCounts(b)), both);
  assert.deepEqual(addCounters(readCounts(a), undefined), readCounts(a));
});
