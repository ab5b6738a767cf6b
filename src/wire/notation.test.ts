import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { property } from "../../tests/support/property.ts";
import { icmpKind, isIcmpError, isIcmpQuery } from "./icmp.ts";
import type { Family, IpAddress } from "./ip-address.ts";
import {
  type Bound,
  buildPacket,
  describePacket,
  formatPacket,
  matchPacket,
  NotationError,
  type PacketNotation,
  parsePacket,
  readPacket,
} from "./notation.ts";
import type { Attribute } from "./notation-types.ts";
import { verifyChecksums } from "./verify-checksums.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, "hex"));

test("a packet of text is the bytes it should be", () => {
  const packet = buildPacket(parsePacket('udp 1.2.3.4:1234 > 5.6.7.8:5678 data="abcd"'));
  assert.equal(hex(packet), "450000200000000040116aba010203040506070804d2162e000c0ffc61626364");
});

test("an ICMP error quotes a packet with checksums of its own", () => {
  const text =
    'icmp 9.10.11.12 > 5.5.5.5 host-unreachable { udp 5.5.5.5:1024 > 192.168.0.8:5678 ttl=63 data="abcd" }';
  assert.equal(
    hex(buildPacket(parsePacket(text))),
    "4500003c0000000040015ca2090a0b0c050505050301c7d60000000045000020000000003f11b11305050505c0a800080400162e000c562761626364",
  );
});

test("checksums of well-known packets", () => {
  const syn = buildPacket(parsePacket("tcp 10.0.0.2:7777 > 70.71.72.73:3022 syn"));
  assert.equal(hex(syn.subarray(36, 38)), "ed21");
  for (const [id, checksum] of [
    [1337, "f2c5"],
    [1024, "f3fe"],
    [0, "f7fe"],
  ] as const) {
    const echo = buildPacket(parsePacket(`icmp 1.1.1.1 > 2.2.2.2 echo-request id=${id} seq=1`));
    assert.equal(hex(echo.subarray(22, 24)), checksum);
  }
});

for (const [text, column, message] of [
  ["tpc 1.2.3.4:1 > 5.6.7.8:2", 1, /expected a protocol/],
  ["tcp 1.2.3.4:1 5.6.7.8:2", 15, /expected ">"/],
  ["tcp 1.2.3:1 > 5.6.7.8:2", 5, /expected a source address/],
  ["udp 1.2.3.4:70000 > 5.6.7.8:2", 5, /expected a port/],
  ["udp 1.2.3.4:1 > 5.6.7.8", 15, /on both sides or on neither/],
  ["icmp 1.2.3.4:1 > 5.6.7.8:2", 6, /has no ports/],
  ["tcp 1.2.3.4:1 > 5.6.7.8:2 sny", 27, /no TCP flag/],
  ["udp 1.2.3.4:1 > 5.6.7.8:2 ttl=300", 27, /from 0 to 255/],
  ["udp 1.2.3.4:1 > 5.6.7.8:2 frag=7", 27, /multiple of 8/],
  ["udp 1.2.3.4:1 > 5.6.7.8:2 colour=7", 27, /no attribute/],
  ["icmp 1.2.3.4 > 5.6.7.8 port-unreachable { udp 1.1.1.1:1 > 2.2.2.2:2", 68, /expected "}"/],
  ["udp 1.2.3.4:1 > 5.6.7.8:2 }", 27, /expected the end/],
  ["udp", 4, /expected a source/],
] as const) {
  test(`"${text}" is refused at column ${column}`, () => {
    assert.throws(
      () => parsePacket(text),
      (error) =>
        error instanceof NotationError && error.column === column && message.test(error.message),
    );
  });
}

for (const [text, message] of [
  ["udp 1.2.3.4:1 > [2001:db8::1]:2", /differ in family/],
  ["udp 1.2.3.4:$p > 5.6.7.8:2", /\$p has no value yet/],
  ["udp 1.2.3.4:* > 5.6.7.8:2", /no number/],
  ["udp 1.2.3.4:1 > 5.6.7.8:2 len=20", /does not fit/],
  ["icmp 1.2.3.4 > 5.6.7.8 packet-too-big", /no ICMP message/],
] as const) {
  test(`"${text}" cannot be built`, () => {
    assert.throws(() => buildPacket(parsePacket(text)), message);
  });
}

test("variables bind on first use and must be equal afterwards", () => {
  const bindings = new Map<string, Bound>();
  const expected = parsePacket("udp 5.5.5.5:$p > $host:7 ttl=*");
  const got = buildPacket(parsePacket("udp 5.5.5.5:1024 > 9.9.9.9:7"));
  assert.equal(matchPacket(expected, got, bindings), undefined);
  assert.equal(bindings.get("p"), 1024);
  const other = buildPacket(parsePacket("udp 5.5.5.5:1025 > 9.9.9.9:7"));
  assert.match(matchPacket(expected, other, bindings) ?? "", /source port is 1025, expected 1024/);
  const reply = buildPacket(parsePacket("udp $host:7 > 5.5.5.5:$p"), bindings);
  assert.equal(describePacket(reply), "udp 9.9.9.9:7 > 5.5.5.5:1024");
});

test("a mismatch binds nothing", () => {
  const bindings = new Map<string, Bound>();
  const got = buildPacket(parsePacket("udp 5.5.5.5:1024 > 9.9.9.9:7"));
  assert.ok(matchPacket(parsePacket("udp 5.5.5.5:$p > 9.9.9.9:8"), got, bindings));
  assert.equal(bindings.size, 0);
});

test("a wrong checksum is noticed, and must stay wrong where it was", () => {
  const expected = parsePacket("udp 1.1.1.1:1 > 2.2.2.2:2");
  const bad = buildPacket(parsePacket("udp 1.1.1.1:1 > 2.2.2.2:2 checksum=bad"));
  assert.match(matchPacket(expected, bad, new Map()) ?? "", /udp checksum is wrong/);
  assert.equal(matchPacket(expected, bad, new Map(), { checksumWasBad: true }), undefined);
  const good = buildPacket(expected);
  assert.match(
    matchPacket(expected, good, new Map(), { checksumWasBad: true }) ?? "",
    /went out right/,
  );
});

// Random packets.

const port = fc.integer({ min: 1, max: 65535 });

function address(family: Family): fc.Arbitrary<IpAddress> {
  const max = (1n << (family === 4 ? 32n : 128n)) - 1n;
  const value = fc.oneof(fc.bigInt({ min: 0n, max }), fc.constantFrom(1n, max, 0xffff0000n & max));
  return value.map((each) => ({ family, value: each }));
}

const byte = fc.nat({ max: 255 });
const word = fc.nat({ max: 65535 });
const long = fc.nat({ max: 0xffffffff });
const common: [Attribute, fc.Arbitrary<number>][] = [
  ["ttl", byte],
  ["tos", byte],
];
const data = fc.option(fc.uint8Array({ minLength: 1, maxLength: 12 }), { nil: undefined });

function attributes(all: readonly [Attribute, fc.Arbitrary<number>][]) {
  const each = all.map(([name, value]) =>
    fc.option(value.map((number) => [name, number] as const)),
  );
  return fc
    .tuple(...each)
    .map((some) => new Map<Attribute, number>(some.filter((one) => one !== null)));
}

function transport(family: Family): fc.Arbitrary<PacketNotation> {
  const ends = { source: address(family), destination: address(family), data };
  const ported = { ...ends, sourcePort: port, destinationPort: port };
  return fc.oneof(
    fc.record({
      ...ported,
      protocol: fc.constant("tcp"),
      tcpFlags: fc.integer({ min: 1, max: 255 }),
      attributes: attributes([
        ...common,
        ["seq", long],
        ["ack", long],
        ["win", word],
        ["mss", word],
      ]),
    }),
    fc.record({ ...ported, protocol: fc.constant("udp"), attributes: attributes(common) }),
    fc.record({
      ...ends,
      protocol: fc.constant("icmp"),
      icmp: fc.constantFrom("echo-request", "echo-reply"),
      attributes: attributes([...common, ["id", word], ["seq", word]]),
    }),
    fc.record({
      ...ends,
      protocol: fc.constantFrom("proto-47", "proto-132", "proto-255"),
      attributes: attributes(common),
    }),
  );
}

function error(family: Family): fc.Arbitrary<PacketNotation> {
  const names = ["port-unreachable", "host-unreachable", "time-exceeded", "parameter-problem"];
  return fc.record({
    protocol: fc.constant("icmp"),
    icmp: fc.constantFrom(...names),
    source: address(family),
    destination: address(family),
    attributes: attributes(common),
    quoted: transport(family),
  });
}

const packet = fc
  .constantFrom<Family>(4, 6)
  .chain((family) => fc.oneof(transport(family), error(family)));

property(
  "what is formatted can be parsed, and is the same",
  [packet],
  (notation) => {
    const text = formatPacket(notation);
    assert.equal(formatPacket(parsePacket(text)), text);
  },
  { runs: 1000 },
);

property(
  "what is built is read again, with right checksums",
  [packet],
  (notation) => {
    const bytes = buildPacket(notation);
    assert.deepEqual(verifyChecksums(bytes), []);
    assert.equal(matchPacket(notation, bytes, new Map()), undefined);
    const read = readPacket(bytes);
    assert.ok(read);
    assert.equal(hex(buildPacket(read)), hex(bytes));
  },
  { runs: 1000 },
);

property("another packet does not match", [packet, packet], (one, two) => {
  const [first, second] = [buildPacket(one), buildPacket(two)];
  fc.pre(hex(first.subarray(8)) !== hex(second.subarray(8)));
  const whole = readPacket(first);
  assert.ok(whole && matchPacket(whole, second, new Map()) !== undefined);
});

property(
  "any bytes are described without an exception",
  [packet, fc.array(fc.tuple(fc.nat(), byte), { maxLength: 6 }), fc.nat()],
  (notation, changes, length) => {
    const bytes = buildPacket(notation);
    for (const [at, value] of changes) bytes[at % bytes.length] = value;
    const cut = bytes.subarray(0, length % (bytes.length + 1));
    assert.equal(typeof describePacket(cut), "string");
    assert.equal(typeof describePacket(cut, "full"), "string");
    assert.ok(Array.isArray(verifyChecksums(cut)));
  },
  { runs: 2000 },
);

test("names of ICMP messages have the numbers of their family", () => {
  assert.deepEqual(icmpKind(4, "frag-needed"), { type: 3, code: 4 });
  assert.equal(icmpKind(6, "frag-needed"), undefined);
  assert.deepEqual(icmpKind(6, "packet-too-big"), { type: 2, code: 0 });
  assert.ok(isIcmpError(6, 2) && !isIcmpError(6, 128) && isIcmpQuery(4, 13));
  const numbers = buildPacket(parsePacket("icmp 1.1.1.1 > 2.2.2.2 type=3 code=7"));
  assert.deepEqual([...numbers.subarray(20, 22)], [3, 7]);
});

test("an IPv6 transport behind extension headers is found", () => {
  // Hop-by-hop options, then destination options, then UDP.
  const udp = buildPacket(parsePacket("udp [2001:db8::1]:7 > [2001:db8::2]:9"));
  const extended = new Uint8Array(udp.length + 16);
  extended.set(udp.subarray(0, 40));
  extended.set(bytesOf("3c000104000000001100010400000000"), 40);
  extended.set(udp.subarray(40), 56);
  extended[6] = 0;
  new DataView(extended.buffer).setUint16(4, extended.length - 40);
  assert.equal(describePacket(extended), "udp [2001:db8::1]:7 > [2001:db8::2]:9");
  assert.deepEqual(verifyChecksums(extended), []);
});
