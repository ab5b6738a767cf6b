import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { property } from "../../tests/support/property.ts";
import { PairIndex } from "./pair-index.ts";

const word = fc.oneof(fc.nat({ max: 3 }), fc.integer());

property(
  "each pair has one number, as many as there are numbers",
  [fc.array(fc.tuple(word, word), { maxLength: 60 })],
  (pairs) => {
    const index = new PairIndex(16);
    const known = new Map<string, number>();
    for (const [first, second] of pairs) {
      const key = `${first},${second}`;
      const expected = known.get(key) ?? (known.size < 16 ? known.size : -1);
      if (expected >= 0) known.set(key, expected);
      assert.equal(index.numberOf(first, second), expected);
    }
    assert.equal(index.count, known.size);
  },
);

test("after clear all numbers are free again", () => {
  const index = new PairIndex(2);
  assert.deepEqual([index.numberOf(1, 2), index.numberOf(2, 1), index.numberOf(2, 2)], [0, 1, -1]);
  index.clear();
  assert.deepEqual([index.numberOf(2, 2), index.numberOf(1, 2), index.numberOf(2, 1)], [0, 1, -1]);
});
