import assert from "node:assert/strict";
import { test } from "node:test";
import { Batch } from "../packet/batch.ts";
import { PacketPool } from "../packet/packet-pool.ts";
import { driverContract, framesOf, rowsWith, testFrame, type Wire } from "./contract.ts";
import { finishing } from "./linux/finishing.ts";
import { buildMemoryWire, type MemoryDriver } from "./memory.ts";

function memoryWire(): Wire {
  const [driver, far] = buildMemoryWire();
  const pool = new PacketPool({ slotBytes: 2304 });
  return {
    driver,
    frameMax: 2048,
    send: (frame) => sendOne(far, pool, frame),
    take() {
      const batch = new Batch();
      far.receive(pool, batch, 0);
      const frames = framesOf(pool, batch);
      pool.releaseMany(batch.rows, batch.count);
      return frames;
    },
    close() {
      driver.close();
      far.close();
    },
  };
}

function sendOne(driver: MemoryDriver, pool: PacketPool, frame: Uint8Array): boolean {
  const rows = rowsWith(pool, [frame]);
  const sent = driver.transmit(pool, rows, 1) === 1;
  pool.releaseMany(rows, 1);
  return sent;
}

driverContract("memory", memoryWire);
driverContract("memory, finishing", () => {
  const wire = memoryWire();
  return { ...wire, driver: finishing(wire.driver) };
});

test("memory: a full wire drops and counts", () => {
  const [left, right] = buildMemoryWire({ names: ["a", "b"], frames: 4 });
  const pool = new PacketPool();
  const frames = Array.from({ length: 6 }, (_, number) => testFrame(number, 60));
  assert.equal(left.transmit(pool, rowsWith(pool, frames), 6), 4);
  assert.equal(left.counters().transmitDrops, 2);
  assert.equal(right.receive(pool, new Batch(), 0), 4);
  assert.deepEqual([left.name, right.name], ["a", "b"]);
});

test("memory: nobody receives behind a closed end", () => {
  const [left, right] = buildMemoryWire();
  right.close();
  const pool = new PacketPool();
  assert.equal(left.transmit(pool, rowsWith(pool, [testFrame(1, 60)]), 1), 0);
  assert.equal(left.counters().transmitDrops, 1);
});
