// The judge of checksums, on bytes whose checksums are known, and on each bit of them turned.

import assert from "node:assert/strict";
import { test } from "node:test";
import { buildPacket, parsePacket } from "./notation.ts";
import { verifyChecksums } from "./verify-checksums.ts";

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, "hex"));

const DATAGRAM = "450000200000000040116aba010203040506070804d2162e000c0ffc61626364";
const ERROR =
  "4500003c0000000040015ca2090a0b0c050505050301c7d60000000045000020000000003f11b11305050505c0a800080400162e000c562761626364";

test("right checksums have no fault", () => {
  for (const hex of [DATAGRAM, ERROR]) assert.deepEqual(verifyChecksums(bytesOf(hex)), []);
});

/** Turns each bit from byte `first` to before `end`; gives the faults found, by name. */
function faultsOfTurnedBits(packet: Uint8Array, first: number, end: number): Set<string> {
  const found = new Set<string>();
  for (let bit = first * 8; bit < end * 8; bit++) {
    const bytes = packet.slice();
    bytes[bit >> 3]! ^= 0x80 >> (bit & 7);
    const faults = verifyChecksums(bytes).map(
      ({ header, quoted }) => `${quoted ? "quoted " : ""}${header}`,
    );
    found.add(faults.join(", "));
  }
  return found;
}

test("each turned bit is found, and blamed on its header", () => {
  const datagram = bytesOf(DATAGRAM);
  // Identification, then the payload.
  assert.deepEqual(faultsOfTurnedBits(datagram, 4, 6), new Set(["ipv4"]));
  assert.deepEqual(faultsOfTurnedBits(datagram, 28, 32), new Set(["udp"]));
  // Addresses count in both.
  assert.deepEqual(faultsOfTurnedBits(datagram, 12, 20), new Set(["ipv4, udp"]));
  const error = bytesOf(ERROR);
  // Unused bytes of the ICMP header; identification, address and port of the quoted packet.
  assert.deepEqual(faultsOfTurnedBits(error, 24, 28), new Set(["icmp"]));
  assert.deepEqual(faultsOfTurnedBits(error, 32, 34), new Set(["icmp, quoted ipv4"]));
  assert.deepEqual(faultsOfTurnedBits(error, 40, 48), new Set(["icmp, quoted ipv4, quoted udp"]));
  assert.deepEqual(faultsOfTurnedBits(error, 48, 50), new Set(["icmp, quoted udp"]));
});

for (const text of [
  'tcp 10.0.0.2:7777 > 70.71.72.73:3022 syn mss=1400 data="abc"',
  "tcp [2001:db8::1]:1 > [2001:db8::2]:2 syn",
  'udp [2001:db8::1]:1 > [2001:db8::2]:2 data="a"',
  "icmp 2001:db8::1 > 2001:db8::2 echo-request id=7 seq=1",
]) {
  test(`padding behind "${text}" is not summed`, () => {
    const packet = buildPacket(parsePacket(text));
    const padded = new Uint8Array(packet.length + 7).fill(0xa5);
    padded.set(packet);
    assert.deepEqual(verifyChecksums(padded), []);
    padded[packet.length - 1]! ^= 1;
    assert.equal(verifyChecksums(padded).length, 1);
  });
}

test("options of the IPv4 header count in its checksum, and the transport starts behind them", () => {
  const plain = bytesOf(DATAGRAM);
  // Four "no operation" options (RFC 791, 3.1).
  const bytes = new Uint8Array(plain.length + 4);
  bytes.set(plain.subarray(0, 20));
  bytes.fill(1, 20, 24);
  bytes.set(plain.subarray(20), 24);
  bytes[0] = 0x46;
  const view = new DataView(bytes.buffer);
  view.setUint16(2, bytes.length);
  view.setUint16(10, onesComplement(bytes, 0, 24, 10));
  assert.deepEqual(verifyChecksums(bytes), []);
  assert.deepEqual(faultsOfTurnedBits(bytes, 20, 24), new Set(["ipv4"]));
});

test("UDP checksum 0 is none in IPv4 and a fault in IPv6 (RFC 8200, 8.1)", () => {
  const [four, six] = ["1.1.1.1:1 > 2.2.2.2:2", "[2001:db8::1]:1 > [2001:db8::2]:2"].map((ends) =>
    verifyChecksums(buildPacket(parsePacket(`udp ${ends} checksum=0`))),
  );
  assert.deepEqual(four, []);
  assert.deepEqual(six, [{ header: "udp", quoted: false }]);
});

// RFC 6275, 6.1.1; RFC 7401, 5.1.1.
for (const [name, ends, data] of [
  ["mobility", "proto-135 2001:db8:1::4 > 2001:db8:ffff:2::8", "3b010100fb6e0000636f6f6b69653037"],
  ["hip", "proto-139 2001:db8:1::4 > 2001:db8:ffff:2::8", "3b01012157ad00000102030405060708"],
  ["hip", "proto-139 10.0.0.4 > 198.51.100.8", "3b0101217eee00000102030405060708"],
] as const) {
  test(`the checksum of ${ends} covers the addresses and the message`, () => {
    const bytes = buildPacket(parsePacket(`${ends} data="${data.replace(/../g, "\\x$&")}"`));
    assert.deepEqual(verifyChecksums(bytes), []);
    const { length } = bytes;
    assert.deepEqual(faultsOfTurnedBits(bytes, length - 8, length), new Set([name]));
    const v4 = length === 36;
    const addresses = faultsOfTurnedBits(bytes, v4 ? 12 : 8, v4 ? 20 : 40);
    assert.deepEqual(addresses, new Set([v4 ? `ipv4, ${name}` : name]));
  });
}

test("the transport checksum of a fragment is not judged", () => {
  const first = buildPacket(parsePacket('udp 1.1.1.1:1 > 2.2.2.2:2 mf data="abcdefgh"'));
  first[28]! ^= 1;
  assert.deepEqual(verifyChecksums(first), []);
});

test("of a quoted packet cut off by its quoter only the IP header is judged", () => {
  // The error with 8 bytes of the quoted datagram's payload, as RFC 792 asks for.
  const text =
    'icmp 9.9.9.9 > 5.5.5.5 port-unreachable { udp 5.5.5.5:1 > 8.8.8.8:2 data="abcdef" }';
  const cut = buildPacket(parsePacket(text)).slice(0, 56);
  const view = new DataView(cut.buffer);
  // Its length and checksum, then the ICMP checksum, made right for what is left.
  view.setUint16(2, 56);
  view.setUint16(10, onesComplement(cut, 0, 20, 10));
  view.setUint16(22, onesComplement(cut, 20, 56, 22));
  assert.deepEqual(verifyChecksums(cut), []);
  cut[28 + 4]! ^= 1;
  assert.deepEqual(verifyChecksums(cut), [
    { header: "icmp", quoted: false },
    { header: "ipv4", quoted: true },
  ]);
});

/** RFC 1071 word by word, `skip` being the checksum's own place. */
function onesComplement(bytes: Uint8Array, from: number, end: number, skip: number): number {
  let sum = 0;
  for (let at = from; at < end; at += 2) {
    if (at === skip) continue;
    sum += bytes[at]! * 256 + bytes[at + 1]!;
    if (sum > 0xffff) sum -= 0xffff;
  }
  return 0xffff - sum;
}
