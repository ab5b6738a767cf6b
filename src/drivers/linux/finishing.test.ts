// What is finished before it is sent: the same segments that a kernel makes (super-frames.test.ts
// holds the cutting to that), in their order between ordinary frames, and nothing kept.

import assert from "node:assert/strict";
import { test } from "node:test";
import { unfinished } from "../../../tests/live/unfinished.ts";
import { wholeRow } from "../../../tests/support/whole-row.ts";
import { WHOLE_SLOT_BYTES } from "../../packet/limits.ts";
import { PacketPool } from "../../packet/packet-pool.ts";
import { dissect } from "../../wire/dissect.ts";
import { verifyChecksums } from "../../wire/verify-checksums.ts";
import { assertFrames, receiveFrames, rowsWith, testFrame } from "../contract.ts";
import { buildMemoryWire } from "../memory.ts";
import { finishing } from "./finishing.ts";

const TEXTS = [
  "tcp 10.0.0.1:1000 > 10.0.0.2:80 ack,psh df",
  "tcp [2001:db8::1]:1000 > [2001:db8::2]:80 ack,psh",
  "udp 10.0.0.1:1000 > 10.0.0.2:53 df",
  "udp [2001:db8::1]:1000 > [2001:db8::2]:53",
];

function scene(slots = 64) {
  const [left, right] = buildMemoryWire();
  const pool = new PacketPool({ slots, slotBytes: WHOLE_SLOT_BYTES });
  return { driver: finishing(left), far: right, pool, free: pool.free };
}

function payloadOf(frame: Uint8Array): Uint8Array {
  const packet = frame.subarray(14);
  const { l4, end, protocol } = dissect(packet)!;
  return packet.subarray(l4 + (protocol === 6 ? (packet[l4 + 12]! >>> 4) * 4 : 8), end);
}

for (const text of TEXTS) {
  test(`segments are whole and right: ${text}`, () => {
    const { driver, far, pool, free } = scene();
    const sent = unfinished(text, 5000, 1200);
    const row = wholeRow(pool, sent);
    // Whatever translation has made of the field.
    const { l4, protocol } = dissect(sent.frame.subarray(14))!;
    pool.view.setUint16(pool.start[row]! + 14 + l4 + (protocol === 6 ? 16 : 6), 0x1234);
    assert.equal(driver.transmit(pool, Int32Array.of(row), 1), 5);
    const frames = receiveFrames(far, pool, 5);
    assert.deepEqual(
      frames.map((frame) => payloadOf(frame).length),
      [1200, 1200, 1200, 1200, 200],
    );
    for (const frame of frames) assert.deepEqual(verifyChecksums(frame.subarray(14)), []);
    assert.deepEqual(Buffer.concat(frames.map(payloadOf)), Buffer.from(payloadOf(sent.frame)));
    assert.equal(pool.free, free - 1);
  });

  test(`a checksum is finished, and nothing else changed: ${text}`, () => {
    for (const length of [0, 1, 999]) {
      const { driver, far, pool, free } = scene();
      const sent = unfinished(text, length, 0);
      assert.equal(driver.transmit(pool, Int32Array.of(wholeRow(pool, sent)), 1), 1);
      const [frame] = receiveFrames(far, pool, 1);
      assert.deepEqual(verifyChecksums(frame!.subarray(14)), []);
      const { l4, protocol } = dissect(sent.frame.subarray(14))!;
      const field = 14 + l4 + (protocol === 6 ? 16 : 6);
      for (const bytes of [frame!, sent.frame]) bytes.fill(0, field, field + 2);
      assertFrames([frame!], [sent.frame]);
      assert.equal(pool.free, free - 1);
    }
  });
}

test("order is kept among ordinary frames, and these go as they are", () => {
  const { driver, far, pool } = scene();
  const plain = [testFrame(1, 60), testFrame(2, 61), testFrame(3, 62)];
  const [a, b, c] = rowsWith(pool, plain);
  const whole = () => wholeRow(pool, unfinished(TEXTS[0]!, 300, 200));
  const rows = Int32Array.of(a!, whole(), b!, whole(), whole(), c!);
  assert.equal(driver.transmit(pool, rows, 6), 9);
  const lengths = receiveFrames(far, pool, 9).map((frame) => frame.length);
  assert.deepEqual(lengths, [60, 254, 154, 61, 254, 154, 254, 154, 62]);
  assert.equal(driver.transmit(pool, Int32Array.of(a!, b!), 2), 2);
  assertFrames(receiveFrames(far, pool, 2), plain.slice(0, 2));
});

test("more segments than rows go out a few at a time; without any row they are counted", () => {
  const { driver, far, pool } = scene(4);
  const rows = Int32Array.of(wholeRow(pool, unfinished(TEXTS[1]!, 5000, 100)));
  assert.equal(driver.transmit(pool, rows, 1), 50);
  assert.equal(pool.free, 3);
  assert.equal(receiveFrames(far, new PacketPool(), 50).length, 50);
  while (pool.allocate() >= 0);
  assert.equal(driver.transmit(pool, rows, 1), 0);
  assert.equal(driver.counters().transmitDrops, 50);
  assert.equal(driver.counters().transmitted, 50);
});

test("many super-frames in one call", () => {
  const { driver, far, pool, free } = scene();
  const rows = Int32Array.from({ length: 40 }, () =>
    wholeRow(pool, unfinished(TEXTS[2]!, 2000, 100)),
  );
  assert.equal(driver.transmit(pool, rows, 40), 800);
  assert.equal(receiveFrames(far, new PacketPool(), 800).length, 800);
  assert.equal(pool.free, free - 40);
});

test("a row that is opened again holds an ordinary frame", () => {
  const { driver, far, pool } = scene(1);
  driver.transmit(pool, Int32Array.of(wholeRow(pool, unfinished(TEXTS[0]!, 0, 0))), 1);
  pool.release(0);
  const frame = testFrame(1, 60);
  assert.equal(driver.transmit(pool, rowsWith(pool, [frame]), 1), 1);
  assertFrames(receiveFrames(far, new PacketPool(), 1), [frame]);
});
