import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { property } from "../../../tests/support/property.ts";
import { foldSum, pseudoHeaderSum } from "../../wire/checksum.ts";
import { dissect } from "../../wire/dissect.ts";
import { buildPacket, parsePacket } from "../../wire/notation.ts";
import { verifyChecksums } from "../../wire/verify-checksums.ts";
import { buildChecksumSpotter } from "./spot-unfinished.ts";

function frameOf(packet: Uint8Array): Uint8Array {
  const frame = new Uint8Array(14 + packet.length);
  frame.set(packet[0]! >>> 4 === 6 ? [0x86, 0xdd] : [0x08, 0], 12);
  frame.set(packet, 14);
  return frame;
}

/** What becomes of the frame. */
function spotted(frame: Uint8Array): Uint8Array {
  const copy = frame.slice();
  buildChecksumSpotter(copy, new DataView(copy.buffer))(0, copy.length);
  return copy;
}

/** The checksum's field holds the sum of the pseudo-header. */
function leaveUnfinished(packet: Uint8Array): Uint8Array {
  const unfinished = packet.slice();
  const { family, protocol, l4, end } = dissect(packet)!;
  const addresses = family === 4 ? packet.subarray(12, 20) : packet.subarray(8, 40);
  const sum = foldSum(pseudoHeaderSum(addresses, protocol, end - l4));
  new DataView(unfinished.buffer).setUint16(l4 + (protocol === 6 ? 16 : 6), sum);
  return unfinished;
}

const TEXTS = [
  "tcp 10.0.0.4:30000 > 20.0.0.8:80 syn,ack",
  "udp 10.0.0.4:30000 > 20.0.0.8:53",
  "tcp [2001:db8::1]:30000 > [2001:db8::2]:80 ack",
  "udp [2001:db8::1]:30000 > [2001:db8::2]:53",
];
const payload = fc.uint8Array({ maxLength: 60 });

function packetOf(text: string, bytes: Uint8Array): Uint8Array {
  const data = Buffer.from(bytes).toString("hex").replace(/../g, "\\x$&");
  return buildPacket(parsePacket(`${text} data="${data}"`));
}

property(
  "an unfinished checksum becomes right, and padding does not count",
  [fc.constantFrom(...TEXTS), payload, fc.nat({ max: 9 })],
  (text, bytes, padding) => {
    const packet = packetOf(text, bytes);
    const padded = new Uint8Array(14 + packet.length + padding).fill(0x55);
    padded.set(frameOf(leaveUnfinished(packet)));
    const result = spotted(padded);
    assert.deepEqual(verifyChecksums(result.subarray(14, 14 + packet.length)), []);
    assert.deepEqual(result.subarray(14 + packet.length), padded.subarray(14 + packet.length));
  },
);

property(
  "a right checksum, and one broken by one bit, stay as they are",
  [fc.constantFrom(...TEXTS), payload, fc.option(fc.nat(), { nil: undefined })],
  (text, bytes, flip) => {
    const frame = frameOf(packetOf(text, bytes));
    const { l4, end } = dissect(frame.subarray(14))!;
    const bit = flip === undefined ? undefined : flip % ((end - l4) * 8);
    if (bit !== undefined) frame[14 + l4 + (bit >> 3)]! ^= 1 << (bit & 7);
    assert.deepEqual(spotted(frame), frame);
  },
  { runs: 1000 },
);

test("a right checksum that is the sum of the pseudo-header by chance stays", () => {
  const packet = packetOf("udp 10.0.0.4:0 > 20.0.0.8:53", Uint8Array.of(0, 0));
  const view = new DataView(packet.buffer);
  // The first word of the payload makes the checksum what it has to be.
  const wanted = new DataView(leaveUnfinished(packet).buffer).getUint16(26);
  const now = view.getUint16(26);
  const word = foldSum(now + (~wanted & 0xffff));
  view.setUint16(28, word);
  view.setUint16(26, wanted);
  assert.deepEqual(verifyChecksums(packet), []);
  assert.deepEqual(spotted(frameOf(packet)), frameOf(packet));
});

test("no checksum stays none", () => {
  const frame = frameOf(packetOf("udp 10.0.0.4:1 > 20.0.0.8:2 checksum=0", Uint8Array.of(1, 2)));
  assert.deepEqual(spotted(frame), frame);
});

test("fragments are left alone: what they hold is not all that was summed", () => {
  for (const [text, at] of [
    ["udp 10.0.0.4:1 > 20.0.0.8:2", 6],
    ["udp [2001:db8::1]:1 > [2001:db8::2]:2 mf id=7", undefined],
  ] as const) {
    const packet = packetOf(text, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    const unfinished = leaveUnfinished(packet);
    if (at !== undefined) unfinished[at] = 0x20;
    const frame = frameOf(unfinished);
    assert.deepEqual(spotted(frame), frame);
  }
});

property(
  "any bytes are looked at without an exception",
  [
    fc.constantFrom(...TEXTS, "udp 10.0.0.4:30000 > 20.0.0.8:4789"),
    payload,
    fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 6 }),
    fc.nat({ max: 90 }),
  ],
  (text, bytes, changes, cut) => {
    const whole = frameOf(packetOf(text, bytes));
    const frame = whole.slice(0, Math.max(1, whole.length - cut));
    for (const [at, value] of changes) frame[at % frame.length] = value;
    assert.equal(spotted(frame).length, frame.length);
  },
  { runs: 2000 },
);
