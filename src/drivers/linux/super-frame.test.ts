// That segments are right is proved against a kernel (tests/live/super-frames.test.ts); here, that
// nothing a sender can make does harm.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { property } from "../../../tests/support/property.ts";
import { HEADROOM } from "../../packet/limits.ts";
import { PacketPool } from "../../packet/packet-pool.ts";
import { buildPacket, parsePacket } from "../../wire/notation.ts";
import { KIND_TCP_IPV4, KIND_TCP_IPV6, KIND_UDP } from "./offload.ts";
import { SuperFrame, superFrameMemory } from "./super-frame.ts";

function frameOf(text: string, payload: number): Uint8Array {
  const data = Array.from(
    { length: payload },
    (_, i) => `\\x${(i & 127).toString(16).padStart(2, "0")}`,
  );
  const packet = buildPacket(parsePacket(`${text} data="${data.join("")}"`));
  const frame = new Uint8Array(14 + packet.length);
  frame.set([packet[0]! >>> 4 === 6 ? 0x86 : 0x08, packet[0]! >>> 4 === 6 ? 0xdd : 0], 12);
  frame.set(packet, 14);
  return frame;
}

const FRAMES = [
  frameOf("tcp 10.0.0.1:1000 > 10.0.0.2:80 ack", 600),
  frameOf("tcp [2001:db8::1]:1000 > [2001:db8::2]:80 ack", 600),
  frameOf("udp 10.0.0.1:1000 > 10.0.0.2:4789", 600),
];

property(
  "damaged headers and sizes end in segments of the right length, or in none",
  [
    fc.nat({ max: FRAMES.length - 1 }),
    fc.array(fc.tuple(fc.nat({ max: 80 }), fc.nat({ max: 255 })), { maxLength: 4 }),
    fc.constantFrom(KIND_TCP_IPV4, KIND_TCP_IPV6, KIND_UDP, KIND_TCP_IPV4 | 0x80, 77),
    fc.nat({ max: 700 }),
    fc.constantFrom(0, 34, 54, 84, 65_535),
    fc.nat({ max: 654 }),
  ],
  (which, changes, kind, size, checksumStart, cut) => {
    const frame = FRAMES[which]!.slice(0, Math.max(1, FRAMES[which]!.length - cut));
    for (const [at, value] of changes) frame[at % frame.length] = value;
    const whole = new SuperFrame(superFrameMemory());
    whole.bytes.set(frame, 16);
    const pool = new PacketPool({ slots: 1, slotBytes: 2112 });
    if (!whole.begin(16, frame.length, kind, size, checksumStart)) {
      assert.equal(whole.left, 0);
      return;
    }
    const { segmentMax } = whole;
    const headers = segmentMax - size;
    let payload = 0;
    for (let count = 0; whole.left > 0; count++) {
      assert.ok(count <= frame.length);
      whole.next(pool, 0, 3);
      const length = pool.length[0]!;
      assert.ok(length > headers && length <= segmentMax, `${length} bytes`);
      assert.equal(pool.start[0], HEADROOM);
      const at = HEADROOM + headers;
      const own = pool.bytes.slice(at, at + length - headers);
      const from = 16 + headers + payload;
      assert.deepEqual(own, whole.bytes.slice(from, from + own.length));
      payload += own.length;
    }
    assert.equal(headers + payload, frame.length);
  },
  { runs: 1500 },
);

test("what is no frame of several is refused", () => {
  const whole = new SuperFrame(superFrameMemory());
  whole.bytes.set(FRAMES[0]!, 16);
  const begin = (length: number, kind: number, size: number, start: number) =>
    whole.begin(16, length, kind, size, start);
  const { length } = FRAMES[0]!;
  assert.equal(begin(length, KIND_TCP_IPV4, 100, 34), true);
  assert.equal(whole.left, 6);
  assert.equal(begin(length, KIND_TCP_IPV4, 0, 34), false, "segments of nothing");
  assert.equal(begin(length, KIND_UDP, 100, 34), false, "it is TCP");
  assert.equal(begin(length, 3, 100, 34), false, "a kind of old");
  assert.equal(begin(length, KIND_TCP_IPV4, 100, 38), false, "TCP is not there");
  assert.equal(begin(54, KIND_TCP_IPV4, 100, 34), false, "no payload");
  assert.equal(whole.left, 0);
});
