// Reading any bytes, also those that somebody made to hurt.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { property } from "../../tests/support/property.ts";
import { buildPacket, describePacket, parsePacket, readPacket } from "./notation.ts";
import { verifyChecksums } from "./verify-checksums.ts";

/** An ICMP error about an ICMP error about …, in as many bytes as asked for. */
function nested(family: 4 | 6, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const header = family === 4 ? 28 : 48;
  for (let at = 0; at + header <= length; at += header) {
    const view = new DataView(bytes.buffer, at);
    if (family === 4) {
      view.setUint8(0, 0x45);
      view.setUint16(2, length - at);
      view.setUint8(9, 1);
      view.setUint8(20, 3);
    } else {
      view.setUint8(0, 0x60);
      view.setUint16(4, length - at - 40);
      view.setUint8(6, 58);
      view.setUint8(40, 1);
    }
  }
  return bytes;
}

for (const family of [4, 6] as const) {
  test(`IPv${family} errors about errors about errors are read one deep`, () => {
    const bytes = nested(family, 65000);
    const read = readPacket(bytes);
    assert.ok(read?.quoted !== undefined && read.quoted.quoted === undefined);
    assert.ok(describePacket(bytes).length < 300);
    assert.ok(describePacket(bytes, "full").length < 300);
    assert.ok(verifyChecksums(bytes).length > 0);
  });
}

for (const [text, column, message] of [
  ["udp 1.1.1.1:1 > 2.2.2.2:2 ttl=1 ttl=2", 33, /ttl= is said twice/],
  ["udp 1.1.1.1:1 > 2.2.2.2:2 mf mf", 30, /mf is said twice/],
  ['udp 1.1.1.1:1 > 2.2.2.2:2 data="a" data="b"', 36, /data= is said twice/],
  ["proto-17 1.1.1.1 > 2.2.2.2", 1, /proto-17 is written udp/],
  ["proto-6 1.1.1.1 > 2.2.2.2", 1, /proto-6 is written tcp/],
  [
    "icmp 1.1.1.1 > 2.2.2.2 redirect { icmp 1.1.1.1 > 2.2.2.2 redirect { udp * > * } }",
    67,
    /quotes no other/,
  ],
] as const) {
  test(`"${text}" is refused at column ${column}`, () => {
    assert.throws(() => parsePacket(text), { column, message });
  });
}

test("the flag ack and the number ack stand side by side", () => {
  const text = "tcp 1.1.1.1:1 > 2.2.2.2:2 ack ack=5";
  assert.equal(readPacket(buildPacket(parsePacket(text)))?.attributes.get("ack"), 5);
});

test("a number that belongs to the other family's ICMP is just a number", () => {
  for (const text of ["proto-1 2001:db8::1 > 2001:db8::2", "proto-58 1.1.1.1 > 2.2.2.2"]) {
    assert.equal(describePacket(buildPacket(parsePacket(text))), text);
  }
});

test("IPv6 has an identification only in a fragment", () => {
  const whole = buildPacket(parsePacket("udp [2001:db8::1]:1 > [2001:db8::2]:2"));
  assert.equal(readPacket(whole)?.attributes.has("id"), false);
  const first = buildPacket(parsePacket("udp [2001:db8::1]:1 > [2001:db8::2]:2 mf id=9"));
  assert.equal(readPacket(first)?.attributes.get("id"), 9);
});

property(
  "bytes that claim to be IP are described in a line",
  [fc.constantFrom(0x45, 0x4f, 0x60), fc.uint8Array({ maxLength: 200 })],
  (first, rest) => {
    const bytes = Uint8Array.of(first, ...rest);
    assert.doesNotMatch(describePacket(bytes, "full"), /\n|undefined|NaN/);
    assert.ok(Array.isArray(verifyChecksums(bytes)));
  },
  { runs: 2000 },
);
