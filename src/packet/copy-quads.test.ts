import assert from "node:assert/strict";
import { test } from "node:test";
import { copyQuads } from "./copy-quads.ts";

test("as many times eight bytes as asked for are copied, to where it is said", () => {
  const from = BigInt64Array.from({ length: 12 }, (_, i) => BigInt.asIntN(64, -(7n ** BigInt(i))));
  for (let count = 0; count <= 8; count++) {
    const to = new BigInt64Array(12);
    copyQuads(to, 3, from, 2, count);
    const expected = new BigInt64Array(12);
    for (let i = 0; i < count; i++) expected[3 + i] = from[2 + i]!;
    assert.deepEqual(to, expected, `${count}`);
  }
});
