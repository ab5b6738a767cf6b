import assert from "node:assert/strict";
import { test } from "node:test";
import { Refusals } from "./refusals.ts";

const [TCP, UDP] = [6, 17];

test("what is counted of the addresses adds up to what is counted of the pool", () => {
  const counts = new Refusals().of("a pool", 3);
  for (const home of [0, 2, 2]) counts.refuse(UDP, home);
  for (const home of [1, 2]) counts.sendElsewhere(UDP, home);
  const at = (home: number) => [counts.refusedAt(UDP, home), counts.elsewhereAt(UDP, home)];
  assert.deepEqual([0, 1, 2, 3].map(at), [[1, 0], [0, 1], [2, 1], [0, 0]]); // biome-ignore format: a table
  assert.deepEqual([counts.refused(UDP), counts.elsewhere(UDP)], [3, 2]);
  assert.deepEqual([counts.refused(TCP), counts.refusedAt(TCP, 2)], [0, 0]);
});

test("counts go on for the same pool, and stand still while packets are only tried out", () => {
  const refusals = new Refusals();
  refusals.of("a pool", 2).refuse(UDP, 1);
  refusals.isCounting = false;
  refusals.of("a pool", 2).refuse(UDP, 1);
  refusals.of("a pool", 2).sendElsewhere(UDP, 1);
  refusals.isCounting = true;
  const counts = refusals.of("a pool", 2);
  assert.deepEqual([counts.refusedAt(UDP, 1), counts.elsewhereAt(UDP, 1)], [1, 0]);
  assert.equal(refusals.of("another", 2).refused(UDP), 0);
});
