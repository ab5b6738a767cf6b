// Fragments through the whole gateway, byte for byte: what a host puts together on the other side is
// what was sent, translated, with a right checksum; and what a flood of fragments costs others.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { seededRandom } from "../../src/base/random.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { buildPacket, describePacket, parsePacket, readPacket } from "../../src/wire/notation.ts";
import { verifyChecksums } from "../../src/wire/verify-checksums.ts";
import { cut, Reassembler } from "../support/fragments.ts";
import { ethernetFrame, vxlanFrame } from "../support/frames.ts";
import { configOf, ethernetInterface, rawInterface } from "../support/gateway.ts";
import { property } from "../support/property.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const CONFIG = configOf({
  vpcs: { inside: { vni: 101 }, outside: { vni: 102 }, other: { vni: 103 } },
  peerings: {
    "inside--outside": {
      peering: {
        inside: {
          expose: [
            {
              ips: [{ cidr: "10.0.0.0/24" }],
              as: [{ cidr: "192.0.2.1/32" }],
              nat: { masquerade: {} },
            },
            {
              ips: [{ cidr: "10.1.0.0/31", ports: "1000-1999" }],
              as: [{ cidr: "192.0.3.1/32", ports: "2000-3999" }],
              nat: { static: {} },
            },
            {
              ips: [{ cidr: "10.2.0.9/32" }],
              as: [{ cidr: "192.0.4.9/32" }],
              nat: { portForward: { ports: [{ port: "53", as: "5353" }] } },
            },
            { ips: [{ cidr: "10.3.0.0/24" }], as: [{ cidr: "192.0.5.0/24" }], nat: { static: {} } },
            {
              ips: [{ cidr: "fd00:1::/64" }],
              as: [{ cidr: "2001:db8:1::1/128" }],
              nat: { masquerade: {} },
            },
          ],
        },
        outside: {
          expose: [{ ips: [{ cidr: "198.51.100.0/24" }] }, { ips: [{ cidr: "2001:db8:2::/64" }] }],
        },
      },
    },
    "other--outside": {
      peering: {
        other: {
          expose: [
            {
              ips: [{ cidr: "10.0.0.0/24" }],
              as: [{ cidr: "192.0.6.1/32" }],
              nat: { masquerade: {} },
            },
          ],
        },
        outside: { expose: [{ ips: [{ cidr: "198.51.100.0/24" }] }] },
      },
    },
  },
  isthmus: { fragments: { datagrams: 64, waiting: 256 } },
});

/** What is sent, and what it must be on the other side; `$h` is 1 or 2, `*` is whatever is chosen. */
const KINDS: readonly (readonly [string, string, string])[] = [
  ["inside", "udp 10.0.0.$h:9 > 198.51.100.1:53", "udp 192.0.2.1:* > 198.51.100.1:53"],
  ["inside", "udp 10.0.0.$h:9 > 198.51.100.1:54 checksum=0", "udp 192.0.2.1:* > 198.51.100.1:54"],
  ["inside", "tcp 10.0.0.$h:9 > 198.51.100.1:80 syn", "tcp 192.0.2.1:* > 198.51.100.1:80 syn"],
  [
    "inside",
    "icmp 10.0.0.$h > 198.51.100.1 echo-request id=7",
    "icmp 192.0.2.1 > 198.51.100.1 echo-request id=*",
  ],
  ["inside", "udp 10.1.0.0:100$h > 198.51.100.1:53", "udp 192.0.3.1:200$h > 198.51.100.1:53"],
  ["inside", "udp 10.1.0.1:100$h > 198.51.100.1:53", "udp 192.0.3.1:300$h > 198.51.100.1:53"],
  ["outside", "udp 198.51.100.$h:9 > 192.0.4.9:5353", "udp 198.51.100.$h:9 > 10.2.0.9:53"],
  ["outside", "udp 198.51.100.1:9 > 192.0.3.1:300$h", "udp 198.51.100.1:9 > 10.1.0.1:100$h"],
  ["inside", "udp 10.3.0.$h:9 > 198.51.100.1:53", "udp 192.0.5.$h:9 > 198.51.100.1:53"],
  ["other", "udp 10.0.0.$h:9 > 198.51.100.1:53", "udp 192.0.6.1:* > 198.51.100.1:53"],
  [
    "inside",
    "udp [fd00:1::$h]:9 > [2001:db8:2::1]:53",
    "udp [2001:db8:1::1]:* > [2001:db8:2::1]:53",
  ],
  [
    "inside",
    "icmp fd00:1::$h > 2001:db8:2::1 echo-request id=7",
    "icmp 2001:db8:1::1 > 2001:db8:2::1 echo-request id=*",
  ],
];

/** Hop-by-hop options in front of an IPv6 packet's transport header. */
function withOptions(packet: Uint8Array): Uint8Array {
  const options = [packet[6]!, 0, 1, 4, 0, 0, 0, 0];
  const made = Uint8Array.of(...packet.subarray(0, 40), ...options, ...packet.subarray(40));
  made[6] = 0;
  new DataView(made.buffer).setUint16(4, made.length - 40);
  return made;
}

const datagram = fc.record({
  kind: fc.nat({ max: KINDS.length - 1 }),
  host: fc.integer({ min: 1, max: 2 }),
  data: fc.uint8Array({ minLength: 1, maxLength: 400, size: "max" }),
  places: fc.uniqueArray(fc.integer({ min: 3, max: 50 }), { maxLength: 6, size: "max" }),
  options: fc.boolean(),
});

property(
  "fragments in any order are put together to what was sent, with a right checksum",
  [
    fc.array(datagram, { minLength: 1, maxLength: 6, size: "max" }),
    fc.integer({ min: 1, max: 0x7fffffff }),
    fc.constantFrom("bare", "vxlan"),
  ],
  (datagrams, seed, link) => {
    const random = seededRandom(seed);
    const gateway = new Gateway({ slots: 256, flowCapacity: 256 }, { random: seededRandom(seed) });
    gateway.apply(CONFIG);
    const tunnel = ethernetInterface(gateway);
    const bare = new Map(
      ["inside", "outside", "other"].map((vpc) => [vpc, rawInterface(gateway, vpc)]),
    );
    const vnis: Record<string, number> = { inside: 101, outside: 102, other: 103 };
    const wanted = new Map<string, string>();
    const ids = new Map<string, number>();
    const fragments = datagrams.flatMap(({ kind, host, data, places, options }, number) => {
      const [vpc = "", text = "", becomes = ""] = KINDS[kind] ?? [];
      const bytes = Uint8Array.of(number, kind, ...data);
      const quoted = [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
      const say = (notation: string) => `${notation.replaceAll("$h", `${host}`)} data="${quoted}"`;
      const whole = buildPacket(parsePacket(say(text)));
      wanted.set(quoted, say(becomes));
      const packet = options && text.includes("fd00") ? withOptions(whole) : whole;
      // Hosts count as they like: here all of them begin at one.
      const address = whole.subarray(...(text.includes("fd00") ? [8, 24] : [12, 16]));
      const source = `${vpc} ${address.join()}`;
      const id = (ids.get(source) ?? 0) + 1;
      ids.set(source, id);
      const cuts = places.map((place) => 8 * place).sort((a, b) => a - b);
      return cut(packet, cuts, id).map((fragment) => ({ vpc, fragment }));
    });
    for (let i = fragments.length - 1; i > 0; i--) {
      const other = random.below(i + 1);
      [fragments[i], fragments[other]] = [fragments[other]!, fragments[i]!];
    }

    const receivers = new Map<string, Reassembler>();
    const take = (count: number) => {
      for (let index = 0; index < count; index++) {
        const { verdict, to = "", packet } = gateway.outcome(index);
        if (verdict === "waiting") continue;
        assert.equal(verdict, "sent", describePacket(packet));
        const receiver = receivers.get(to) ?? new Reassembler();
        receivers.set(to, receiver);
        const whole = receiver.take(packet);
        if (whole === undefined) continue;
        assert.deepEqual(verifyChecksums(whole), [], describePacket(whole, "full"));
        const got = readPacket(whole);
        const quoted = [...(got?.data ?? [])];
        const key = quoted.map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
        const expected = wanted.get(key);
        assert.ok(expected, `nobody sent ${describePacket(whole, "full")}`);
        assertSame(describePacket(whole), expected);
        wanted.delete(key);
      }
      gateway.clear();
    };
    for (const { vpc, fragment } of fragments) {
      const frame = vxlanFrame(vnis[vpc] ?? 0, ethernetFrame(fragment, { padTo: 60 }));
      if (link === "bare") assert.ok(gateway.receive(bare.get(vpc)!, fragment));
      else assert.ok(gateway.receive(tunnel, frame));
      if (random.below(3) === 0) take(gateway.run(0));
    }
    take(gateway.run(0));
    assert.equal(wanted.size, 0, [...wanted.values()].join("; "));
    for (const receiver of receivers.values()) assert.equal(receiver.incomplete, 0);
    const { received, sent, waiting, dropped } = gateway.counts();
    assert.deepEqual([received, sent, waiting, dropped.size], [fragments.length, received, 0, 0]);
  },
  { runs: 100 },
);

/** Whether the description begins as expected, where `*` stands for a number. */
function assertSame(got: string, expected: string): void {
  const [head = ""] = expected.split(" data=");
  const pattern = head.split("*").map((part) => part.replace(/[[\]().]/g, "\\$&"));
  assert.match(got, new RegExp(`^${pattern.join("\\d+")}(?: |$)`));
}

test("an IPv6 packet that is its own only fragment is whole, and waits for nobody (RFC 6946)", () => {
  const gateway = new Gateway({ slots: 16, flowCapacity: 64 }, { random: seededRandom(1) });
  gateway.apply(CONFIG);
  const inside = rawInterface(gateway, "inside");
  const packet = buildPacket(parsePacket('udp [fd00:1::1]:9 > [2001:db8:2::1]:53 data="whole"'));
  const [atomic] = cut(packet, [], 77);
  gateway.receive(inside, atomic!);
  gateway.run(0);
  assert.equal(gateway.outcome(0).verdict, "sent");
  assert.equal(gateway.tracked().datagrams, 0);
});

test("a first fragment without the whole transport header is dropped (RFC 1858, 3; RFC 7112)", () => {
  const gateway = new Gateway({ slots: 16, flowCapacity: 64 }, { random: seededRandom(1) });
  gateway.apply(CONFIG);
  const inside = rawInterface(gateway, "inside");
  const tcp = buildPacket(parsePacket('tcp 10.0.0.1:9 > 198.51.100.1:80 syn data="0123456789"'));
  const icmp = buildPacket(parsePacket("icmp fd00:1::1 > 2001:db8:2::1 echo-request id=7"));
  for (const tiny of [cut(tcp, [8], 1)[0]!, cut(tcp, [16], 2)[0]!]) {
    gateway.receive(inside, tiny);
    gateway.run(0);
    assert.equal(gateway.outcome(0).verdict, "tcp-malformed");
  }
  // The options fill the first fragment.
  const [first] = cut(withDestinationOptions(icmp), [8], 3);
  gateway.receive(inside, first!);
  gateway.run(0);
  assert.equal(gateway.outcome(0).verdict, "icmp-malformed");
});

/** Options that only the destination reads: part of what is cut. */
function withDestinationOptions(packet: Uint8Array): Uint8Array {
  const made = withOptions(packet);
  made[6] = 60;
  return made;
}

test("IPv6 extension headers in the fragments: only the first says what the datagram is", () => {
  const gateway = new Gateway({ slots: 16, flowCapacity: 64 }, { random: seededRandom(1) });
  gateway.apply(CONFIG);
  const inside = rawInterface(gateway, "inside");
  const packet = buildPacket(
    parsePacket('udp [fd00:1::1]:9 > [2001:db8:2::1]:53 data="0123456789abcdefghijklmnop"'),
  );
  const [first, second] = cut(withDestinationOptions(packet), [32], 77);
  const receiver = new Reassembler();
  gateway.receive(inside, second!);
  gateway.run(0);
  assert.equal(gateway.outcome(0).verdict, "waiting");
  gateway.receive(inside, first!);
  assert.equal(gateway.run(0), 2);
  assert.deepEqual([gateway.outcome(0).number, gateway.outcome(1).number], [1, 0]);
  assert.equal(receiver.take(gateway.outcome(0).packet), undefined);
  const whole = receiver.take(gateway.outcome(1).packet);
  assert.ok(whole);
  assert.deepEqual(verifyChecksums(whole), []);
  assertSame(describePacket(whole), "udp [2001:db8:1::1]:* > [2001:db8:2::1]:53");
});

test("with few rows in the pool, those who have waited go on in the next run", () => {
  const gateway = new Gateway({ slots: 16, flowCapacity: 64 }, { random: seededRandom(1) });
  gateway.apply(CONFIG);
  const inside = rawInterface(gateway, "inside");
  const data = "x".repeat(400);
  const packet = buildPacket(parsePacket(`udp 10.0.0.1:9 > 198.51.100.1:53 data="${data}"`));
  const parts = cut(
    packet,
    Array.from({ length: 30 }, (_, index) => 8 * index + 8),
    1,
  );
  const late = parts.slice(1);
  for (const part of late) {
    gateway.receive(inside, part);
    gateway.run(0);
    gateway.clear();
  }
  assert.equal(gateway.counts().waiting, late.length);
  gateway.receive(inside, parts[0]!);
  const numbers: number[] = [];
  for (let count = gateway.run(0), runs = 0; count > 0; count = gateway.run(0), runs++) {
    assert.ok(count <= 16 && runs < 4);
    for (let index = 0; index < count; index++) {
      assert.equal(gateway.outcome(index).verdict, "sent");
      numbers.push(gateway.outcome(index).number);
    }
    gateway.clear();
  }
  assert.deepEqual(numbers, [late.length, ...late.keys()]);
  const { received, sent, waiting } = gateway.counts();
  assert.deepEqual([received, sent, waiting], [parts.length, parts.length, 0]);
});

const FLOOD = 20_000;

test(`${FLOOD} fragments without a first one leave flows and other VPCs alone, and memory flat`, () => {
  const gateway = new Gateway({ slots: 256, flowCapacity: 256 }, { random: seededRandom(1) });
  gateway.apply(CONFIG);
  const inside = rawInterface(gateway, "inside");
  const other = rawInterface(gateway, "other");
  const established = buildPacket(parsePacket("udp 10.0.0.1:9 > 198.51.100.1:53"));
  const plain = cut(
    buildPacket(parsePacket(`udp 10.3.0.1:9 > 198.51.100.1:53 data="plain"`)),
    [8],
    1,
  );
  const flood = buildPacket(
    parsePacket(`udp 10.0.0.66:9 > 198.51.100.1:53 data="${"x".repeat(99)}"`),
  );
  const random = seededRandom(7);
  let now = 0;
  let id = 0;
  let before = 0;
  const round = (size: number) => {
    now += 100;
    id++;
    const good = cut(
      buildPacket(parsePacket(`udp 10.0.0.1:9 > 198.51.100.1:53 data="0123456789abcdef"`)),
      [8, 16],
      id & 0xffff,
    );
    const rest = [
      { iface: inside, packet: established },
      ...plain.map((packet) => ({ iface: inside, packet })),
      ...good.reverse().map((packet) => ({ iface: other, packet })),
    ];
    for (let i = 0; i < size; i++) {
      const [, later] = cut(flood, [8 * (1 + random.below(12))], random.below(0x10000));
      assert.ok(gateway.receive(inside, later!));
    }
    for (const { iface, packet } of rest) assert.ok(gateway.receive(iface, packet));
    const count = gateway.run(now);
    const sent = Array.from({ length: count }, (_, index) => gateway.outcome(index)).filter(
      ({ verdict }) => verdict === "sent",
    );
    assert.equal(sent.length, rest.length, `round ${id}`);
    gateway.clear();
  };
  gateway.receive(inside, established);
  gateway.run(now);
  for (let sent = 0; sent < FLOOD; sent += 100) {
    round(100);
    if (sent === FLOOD / 2) before = memory();
  }
  const grown = memory() - before;
  assert.ok(grown < 2 ** 21, `${grown} bytes more than in the middle of the flood`);
  const { received, sent, waiting, dropped, consumed } = gateway.counts();
  const lost = [...dropped.values()].reduce((sum, count) => sum + count, 0);
  assert.equal(received, sent + consumed + lost + waiting);
  assert.ok(waiting <= 256 / 4 && gateway.tracked().datagrams <= 64 / 4 + 1);
  const reasons = ["fragments-full", "fragment-timeout"];
  for (const reason of reasons) assert.ok((dropped.get(reason) ?? 0) > 0, reason);
  assert.equal(gateway.tracked().flows, 2);
});

function memory(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
