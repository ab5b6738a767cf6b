import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { property } from "../../tests/support/property.ts";
import type { NetworkFunction } from "../functions/network-function.ts";
import { Batch } from "../packet/batch.ts";
import { type Column, PacketPool } from "../packet/packet-pool.ts";
import { DROP, SENT } from "../packet/verdict.ts";
import { directionCounts } from "../tables/direction-counters.ts";
import { Pipeline } from "./pipeline.ts";

const pool = new PacketPool({ slots: 256, slotBytes: 512 });
const counters = { current: directionCounts(0) };

/** A step that gives `code` to every packet whose length says so. */
function step(
  name: string,
  decides: (length: number) => boolean,
  code: number,
  columns: { reads?: Column[]; writes?: Column[] } = {},
): NetworkFunction {
  return {
    name,
    reads: columns.reads ?? [],
    writes: columns.writes ?? [],
    process({ rows, count }) {
      let decided = 0;
      for (let i = 0; i < count; i++) {
        if (!decides(pool.length[rows[i]!]!)) continue;
        pool.verdict[rows[i]!] = code;
        decided++;
      }
      return decided;
    },
  };
}

const everything = step("send", () => true, SENT);

property(
  "every packet is accounted for, and the order of the batch stays",
  [fc.array(fc.nat({ max: 99 }), { maxLength: 256 }), fc.nat({ max: 9 }), fc.nat({ max: 9 })],
  (lengths, first, second) => {
    const pipeline = new Pipeline(pool, counters, [
      step("a", (length) => length % 10 === first, DROP["not-ip"].code),
      step("b", (length) => length % 10 === second, DROP["no-peering"].code),
      everything,
    ]);
    const batch = new Batch();
    for (const length of lengths) {
      const row = pool.allocate();
      pool.open(row, 0, length);
      batch.push(row);
    }
    const order = [...batch.rows.subarray(0, batch.count)];
    pipeline.process(batch, 0);
    const verdicts = order.map((row) => pool.verdict[row]);
    assert.deepEqual([...batch.rows.subarray(0, batch.count)], order);
    assert.deepEqual(
      verdicts,
      lengths.map((length) =>
        length % 10 === first
          ? DROP["not-ip"].code
          : length % 10 === second
            ? DROP["no-peering"].code
            : SENT,
      ),
    );
    const counted = pipeline.verdicts.reduce((sum, count) => sum + count, 0);
    assert.equal(counted, lengths.length);
    assert.equal(pipeline.received, lengths.length);
    for (const row of order) pool.release(row);
  },
);

test("a step that reads what nobody writes is refused when the pipeline is built", () => {
  const reader = step("reader", () => false, SENT, { reads: ["l3"] });
  const writer = step("writer", () => false, SENT, { writes: ["l3"] });
  assert.throws(() => new Pipeline(pool, counters, [reader, writer]), /reader reads l3/);
  assert.doesNotThrow(() => new Pipeline(pool, counters, [writer, reader]));
  assert.throws(() => new Pipeline(pool, counters, [writer, writer]), /writer/);
});

test("a pipeline whose last step leaves a packet undecided stops loudly", () => {
  const pipeline = new Pipeline(pool, counters, [step("none", () => false, SENT)]);
  const batch = new Batch();
  const row = pool.allocate();
  pool.open(row, 0, 1);
  batch.push(row);
  assert.throws(() => pipeline.process(batch, 0), /last step/);
  pool.release(row);
});
