// What every driver must do, as tests: a driver's own test file says how to make a wire with it at
// one end, and registers these.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { alignedMemory } from "../base/arena.ts";
import { Batch } from "../packet/batch.ts";
import { BATCH_MAX, HEADROOM } from "../packet/limits.ts";
import { PacketPool } from "../packet/packet-pool.ts";
import type { Driver, DriverCounters } from "./driver.ts";

/** A driver, and the far end of what it drives, made by other means than drivers where possible. */
export interface Wire {
  readonly driver: Driver;
  /** Longest frame that can be sent to the driver; at least 1,514 bytes. */
  readonly frameMax: number;
  /** Longest that the driver transmits, or Infinity; `frameMax` when absent. */
  readonly transmitMax?: number;
  /** A frame from the far end to the driver; false when the far end could not get rid of it. */
  send(frame: Uint8Array): boolean;
  /** What has come to the far end since it was last asked. */
  take(): Uint8Array[];
  /** The driver too, which may be closed already. */
  close(): void;
}

/** How long what was sent may be on its way. */
const PATIENCE_MILLIS = 2000;
const IFACE = 3;

/** Registers the suite; `why` skips it. */
export function driverContract(name: string, makeWire: () => Wire, why?: string): void {
  const options = why === undefined ? {} : { skip: why };
  for (const [sentence, prove] of Object.entries(PROOFS)) {
    test(`${name}: ${sentence}`, options, () => {
      const wire = makeWire();
      try {
        prove(wire);
      } finally {
        wire.close();
      }
    });
  }
  test(`${name}: ${CLOSED}`, options, () => proveClosed(makeWire));
}

/** An Ethernet frame of `length` bytes that nobody answers, different for each `number`. */
export function testFrame(number: number, length: number): Uint8Array {
  const frame = new Uint8Array(length);
  for (let i = 14; i < length; i++) frame[i] = (number * 31 + i * 7 + (i >> 8)) & 0xff;
  frame.set([2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8, 0x88, 0xb5]); // A type for experiments.
  if (length >= 18) new DataView(frame.buffer).setUint32(14, number);
  return frame;
}

/** Repeats `step` until `done` or nothing more is to be hoped for. */
export function until(done: () => boolean, step: () => void): void {
  const nap = new Int32Array(new SharedArrayBuffer(4));
  for (let waited = 0; ; waited++) {
    step();
    if (done() || waited > PATIENCE_MILLIS) return;
    Atomics.wait(nap, 0, 0, 1);
  }
}

/** The frames that come, at least `count` if so many do; their rows are released. */
export function receiveFrames(driver: Driver, pool: PacketPool, count: number): Uint8Array[] {
  const frames: Uint8Array[] = [];
  until(
    () => frames.length >= count,
    () => frames.push(...receiveNow(driver, pool)),
  );
  return frames;
}

/** The frames that are there now; their rows are released. */
export function receiveNow(driver: Driver, pool: PacketPool): Uint8Array[] {
  const frames: Uint8Array[] = [];
  const batch = new Batch();
  while (driver.receive(pool, batch, IFACE) > 0) {
    frames.push(...framesOf(pool, batch));
    pool.releaseMany(batch.rows, batch.count);
    batch.count = 0;
  }
  return frames;
}

export function framesOf(pool: PacketPool, batch: Batch): Uint8Array[] {
  return Array.from(batch.rows.subarray(0, batch.count), (row) => {
    const start = pool.start[row]!;
    return pool.bytes.slice(start, start + pool.length[row]!);
  });
}

/** Rows with these frames, `back` bytes before where received frames start. */
export function rowsWith(pool: PacketPool, frames: readonly Uint8Array[], back = 0): Int32Array {
  const rows = new Int32Array(frames.length);
  assert.equal(pool.allocateMany(rows, frames.length), frames.length);
  frames.forEach((frame, i) => {
    const start = pool.open(rows[i]!, IFACE, frame.length) - back;
    pool.start[rows[i]!] = start;
    pool.bytes.set(frame, start);
  });
  return rows;
}

/** A pool in memory as the gateway's is. */
function gatewayPool(): PacketPool {
  return new PacketPool({ memory: alignedMemory });
}

function transmitFrames(driver: Driver, frames: readonly Uint8Array[], back = 0): number {
  const pool = gatewayPool();
  return driver.transmit(pool, rowsWith(pool, frames, back), frames.length);
}

export function takeFrames(wire: Wire, count: number): Uint8Array[] {
  const frames: Uint8Array[] = [];
  until(
    () => frames.length >= count,
    () => frames.push(...wire.take()),
  );
  return frames;
}

function sendAll(wire: Wire, frames: readonly Uint8Array[]): number {
  return frames.filter((frame) => wire.send(frame)).length;
}

/** Says where the first difference is. */
export function assertFrames(actual: readonly Uint8Array[], expected: readonly Uint8Array[]): void {
  const lengths = (frames: readonly Uint8Array[]) => frames.map((frame) => frame.length);
  assert.deepEqual(lengths(actual), lengths(expected));
  const hex = (frame: Uint8Array) => Buffer.from(frame).toString("hex");
  actual.forEach((frame, i) => {
    assert.equal(hex(frame), hex(expected[i]!), `frame ${i}`);
  });
}

const LENGTHS = [60, 61, 62, 63, 64, 65, 98, 127, 128, 255, 256, 257, 258, 259, 511, 590, 1000];

function framesOfManyLengths(max: number): Uint8Array[] {
  const lengths = [...LENGTHS, 1511, 1512, 1513, 1514, max - 2, max - 1, max];
  return lengths.map((length, number) => testFrame(number, length));
}

function numbered(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, number) => testFrame(number, 60 + (number % 50)));
}

const PROOFS: Readonly<Record<string, (wire: Wire) => void>> = {
  "frames arrive byte for byte and in order, as rows with headroom"(wire) {
    const pool = gatewayPool();
    const frames = framesOfManyLengths(Math.min(wire.frameMax, pool.frameMax));
    sendAll(wire, frames);
    assertFrames(receiveFrames(wire.driver, pool, frames.length), frames);
    const [row = -1] = [pool.allocate()];
    sendAll(wire, [testFrame(7, 77)]);
    const batch = new Batch();
    until(
      () => batch.count > 0,
      () => wire.driver.receive(pool, batch, IFACE),
    );
    const received = batch.rows[0]!;
    assert.notEqual(received, row);
    assert.equal(pool.start[received], received * pool.slotBytes + HEADROOM);
    assert.equal(pool.rxInterface[received], IFACE);
    assert.equal(pool.verdict[received], 0);
    assertCounters(wire.driver, { received: frames.length + 1 });
  },

  "what is transmitted arrives byte for byte and in order"(wire) {
    const frames = framesOfManyLengths(Math.min(wire.frameMax, new PacketPool().frameMax));
    assert.equal(transmitFrames(wire.driver, frames), frames.length);
    assertFrames(takeFrames(wire, frames.length), frames);
    assertCounters(wire.driver, { transmitted: frames.length });
  },

  "headers that were pushed go out, wherever the frame starts"(wire) {
    for (const back of [1, 2, 3, 54, HEADROOM]) {
      const frames = [testFrame(back, 99), testFrame(back, 1002)];
      transmitFrames(wire.driver, frames, back);
      assertFrames(takeFrames(wire, 2), frames);
    }
  },

  "a large batch goes out as it is"(wire) {
    const frames = numbered(BATCH_MAX);
    assert.equal(transmitFrames(wire.driver, frames), frames.length);
    assertFrames(takeFrames(wire, frames.length), frames);
    assert.equal(wire.driver.transmit(new PacketPool(), new Int32Array(0), 0), 0);
  },

  "a full batch leaves the rest for the next"(wire) {
    const pool = new PacketPool();
    const frames = numbered(BATCH_MAX + 44);
    sendAll(wire, frames);
    const batch = new Batch();
    batch.push(pool.allocate());
    until(
      () => batch.full,
      () => wire.driver.receive(pool, batch, IFACE),
    );
    assert.equal(batch.count, BATCH_MAX);
    assert.equal(wire.driver.receive(pool, batch, IFACE), 0);
    const rest = receiveFrames(wire.driver, pool, 45);
    assertFrames([...framesOf(pool, batch).slice(1), ...rest], frames);
  },

  "an empty pool leaves the rest until there are rows"(wire) {
    const pool = new PacketPool({ slots: 8 });
    const frames = numbered(30);
    sendAll(wire, frames);
    const batch = new Batch();
    until(
      () => batch.count === 8,
      () => wire.driver.receive(pool, batch, IFACE),
    );
    assert.equal(batch.count, 8);
    assert.equal(wire.driver.receive(pool, batch, IFACE), 0);
    const first = framesOf(pool, batch);
    pool.releaseMany(batch.rows, batch.count);
    assertFrames([...first, ...receiveFrames(wire.driver, pool, 22)], frames);
  },

  "it goes on when all that it holds has been used, in both directions"(wire) {
    const pool = new PacketPool();
    const frames = numbered(200);
    const rows = rowsWith(pool, frames);
    for (let round = 0; round < 15; round++) {
      sendAll(wire, frames);
      assertFrames(receiveFrames(wire.driver, pool, 200), frames);
      assert.equal(wire.driver.transmit(pool, rows, 200), 200);
      assertFrames(takeFrames(wire, 200), frames);
    }
    assertCounters(wire.driver, { received: 3000, transmitted: 3000 });
  },

  "a frame too long for a slot is counted, and the next ones come"(wire) {
    const pool = new PacketPool({ slotBytes: 512 });
    const lengths = [pool.frameMax, pool.frameMax + 1, 60, 1514, 61];
    const frames = lengths.map((length, number) => testFrame(number, length));
    sendAll(wire, frames);
    assertFrames(receiveFrames(wire.driver, pool, 3), [frames[0]!, frames[2]!, frames[4]!]);
    assertCounters(wire.driver, { received: 3, receiveTooLong: 2 });
  },

  "a frame too long for the wire is counted, and the next ones go"(wire) {
    const max = wire.transmitMax ?? wire.frameMax;
    if (max === Number.POSITIVE_INFINITY) return;
    const pool = new PacketPool({ slots: 4, slotBytes: Math.ceil((max + 512) / 64) * 64 });
    const lengths = [max, max + 5, 60];
    const frames = lengths.map((length, number) => testFrame(number, length));
    assert.equal(wire.driver.transmit(pool, rowsWith(pool, frames), 3), 2);
    assertFrames(takeFrames(wire, 2), [frames[0]!, frames[2]!]);
    assertCounters(wire.driver, { transmitted: 2, transmitTooLong: 1 });
  },

  "what is transmitted does not come back"(wire) {
    transmitFrames(wire.driver, numbered(10));
    sendAll(wire, [testFrame(99, 60)]);
    assertFrames(receiveFrames(wire.driver, new PacketPool(), 1), [testFrame(99, 60)]);
  },

  "of more than anybody can hold nothing is lost uncounted"(wire) {
    const pool = new PacketPool();
    const sent = sendAll(wire, numbered(5000));
    const frames: Uint8Array[] = [];
    until(
      () => frames.length + wire.driver.counters().receiveDrops >= sent,
      () => frames.push(...receiveFrames(wire.driver, pool, 0)),
    );
    const { received, receiveDrops } = wire.driver.counters();
    assert.equal(received, frames.length);
    assert.equal(received + receiveDrops, sent);
    assert.ok(received > 0);
  },
};

function assertCounters(driver: Driver, expected: Partial<DriverCounters>): void {
  const actual = driver.counters();
  const zero = Object.fromEntries(Object.keys(actual).map((key) => [key, 0]));
  assert.deepEqual(actual, { ...zero, ...expected });
}

const CLOSED = "closing gives everything back, and may happen twice";

function proveClosed(makeWire: () => Wire): void {
  // The first one also loads what stays loaded.
  makeWire().close();
  const before = held();
  const wire = makeWire();
  const { driver } = wire;
  sendAll(wire, numbered(3));
  driver.close();
  driver.close();
  const pool = new PacketPool();
  assert.equal(driver.receive(pool, new Batch(), IFACE), 0);
  assert.equal(driver.transmit(pool, rowsWith(pool, numbered(1)), 1), 0);
  assert.equal(driver.counters().transmitted, 0);
  wire.close();
  assert.deepEqual(held(), before);
}

/** Of the process: open files, and memory that sockets and devices share with it. */
function held(): { files: number; shared: number } {
  const maps = readFileSync("/proc/self/maps", "utf8");
  const shared = maps.match(/socket:\[|anon_inode:|\/dev\/zero/g)?.length ?? 0;
  return { files: readdirSync("/proc/self/fd").length, shared };
}
