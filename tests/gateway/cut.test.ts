// Packets that are too long, byte for byte: every piece fits and is right in itself, in whatever it
// leaves, and a host that puts the pieces together has what would have come out whole.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { seededRandom } from "../../src/base/random.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { dissect } from "../../src/wire/dissect.ts";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { verifyChecksums } from "../../src/wire/verify-checksums.ts";
import { repairChecksums } from "../fuzz/targets/packet-fields.ts";
import { cut, Reassembler } from "../support/fragments.ts";
import { ethernetFrame, vxlanFrame, vxlanOverIpv6 } from "../support/frames.ts";
import { configOf } from "../support/gateway.ts";
import { property } from "../support/property.ts";

const KINDS = ["bare", "vlan", "vxlan", "vxlan6", "raw-vxlan", "own-tunnel"] as const;
type Kind = (typeof KINDS)[number];

const MAC = Uint8Array.of(2, 0, 0, 0, 0, 1);
const ADJACENCY = {
  outerSourceMac: MAC,
  outerDestinationMac: MAC,
  vtep: 0x0a000001,
  remoteVtep: 0x0a000002,
  vni: 200,
  innerSourceMac: MAC,
  innerDestinationMac: MAC,
};

/** Masquerade, static NAT and none towards a network with that MTU. */
function gatewayWith(mtu: number | undefined, kind: Kind = "bare", slots = 512): Gateway {
  const config = configOf({
    vpcs: { v1: { vni: 100 }, v2: { vni: 200 } },
    peerings: {
      p: {
        peering: {
          v1: {
            expose: [
              {
                ips: [{ cidr: "10.0.0.0/24" }],
                as: [{ cidr: "30.0.0.1/32" }],
                nat: { masquerade: {} },
              },
              {
                ips: [{ cidr: "10.1.0.0/24" }],
                as: [{ cidr: "31.0.0.0/24" }],
                nat: { static: {} },
              },
              { ips: [{ cidr: "10.2.0.0/24" }] },
            ],
          },
          v2: { expose: [{ ips: [{ cidr: "20.0.0.0/24" }] }] },
        },
      },
    },
    isthmus: mtu === undefined ? {} : { vpcs: { v2: { mtu } } },
  });
  const gateway = new Gateway(
    { slots, slotBytes: 4096, flowCapacity: 64 },
    {
      random: seededRandom(1),
      adjacency: (vpc) => (kind === "own-tunnel" && vpc === "v2" ? ADJACENCY : undefined),
    },
  );
  gateway.apply(config);
  const link = kind === "bare" || kind === "raw-vxlan" ? "raw-ip" : "ethernet";
  const vxlan = kind !== "bare" && kind !== "vlan";
  gateway.addInterface({ name: "in", link, vxlan, vpc: vxlan ? undefined : "v1" });
  return gateway;
}

function wrap(packet: Uint8Array, kind: Kind): Uint8Array {
  if (kind === "bare") return packet;
  if (kind === "vlan") return ethernetFrame(packet, { vlans: [7, 8], padTo: 60 });
  const inner = ethernetFrame(packet, { padTo: 60 });
  if (kind === "vxlan6") return vxlanOverIpv6(100, inner);
  const frame = vxlanFrame(100, inner);
  return kind === "raw-vxlan" ? frame.slice(14) : frame;
}

/** The packet in the frame, whose headers have all to be right and to end where the frame does. */
function unwrap(frame: Uint8Array, kind: Kind): Uint8Array {
  if (kind === "bare") return frame;
  if (kind === "vlan") return frame.subarray(22);
  const outer = kind === "raw-vxlan" ? frame : frame.subarray(14);
  const parts = dissect(outer)!;
  assert.equal(parts.end, outer.length, "the outer IP packet is as long as the frame");
  assert.deepEqual(verifyChecksums(outer), [], "the outer checksums are right");
  const udp = new DataView(outer.buffer, outer.byteOffset + parts.l4);
  assert.equal(udp.getUint16(2), 4789);
  assert.equal(udp.getUint16(4), outer.length - parts.l4, "so is the outer UDP datagram");
  assert.equal(udp.getUint32(12) >>> 8, 200, "the VNI is of where it goes");
  return outer.subarray(parts.l4 + 30);
}

interface Sent {
  readonly verdict: string;
  readonly frames: readonly Uint8Array[];
}

function send(gateway: Gateway, frame: Uint8Array): Sent {
  assert.ok(gateway.receive(0, frame));
  gateway.run(0);
  const { verdict, frame: first, pieces } = gateway.outcome(0);
  const frames = [first, ...pieces.map((piece) => piece.frame)].map((each) => each.slice());
  gateway.clear();
  return { verdict, frames };
}

const fieldOf = (packet: Uint8Array) => (packet[6]! << 8) | packet[7]!;
const headerOf = (packet: Uint8Array) => (packet[0]! & 15) * 4;
const hex = (bytes: Uint8Array | readonly number[]) => Buffer.from(bytes).toString("hex");

/** The options of RFC 791 that go into all fragments, padded. */
function copiedOptions(header: Uint8Array): number[] {
  const copied: number[] = [];
  let rest = [...header.subarray(20)];
  while (rest.length > 0 && rest[0] !== 0) {
    const size = rest[0] === 1 ? 1 : rest[1]!;
    if (rest[0]! >= 128) copied.push(...rest.slice(0, size));
    rest = rest.slice(size);
  }
  while (copied.length % 4 !== 0) copied.push(0);
  return copied;
}

/** What is in the pieces, which must be a packet without gaps: every byte at its place. */
function putTogether(pieces: readonly Uint8Array[], mtu: number): Uint8Array {
  const [first] = pieces;
  assert.ok(first);
  const header = first.slice(0, headerOf(first));
  const start = (fieldOf(first) & 0x1fff) * 8;
  const body: number[] = [];
  for (const [index, piece] of pieces.entries()) {
    const last = index === pieces.length - 1;
    assert.ok(piece.length <= mtu, `a piece of ${piece.length} bytes fits`);
    assert.deepEqual(verifyChecksums(piece), []);
    assert.equal((piece[2]! << 8) | piece[3]!, piece.length, "the length is that of the piece");
    const at = (fieldOf(piece) & 0x1fff) * 8 - start;
    assert.equal(at, body.length, "pieces come in order, without gaps");
    const part = piece.subarray(headerOf(piece));
    if (!last) assert.ok(fieldOf(piece) & 0x2000, "more fragments follow");
    if (!last) assert.ok(part.length % 8 === 0 && part.length > 0);
    body.push(...part);
    if (index === 0) continue;
    assert.equal(hex(piece.subarray(20, headerOf(piece))), hex(copiedOptions(header)));
    for (const i of [1, 4, 5, 8, 9, 12, 13, 14, 15, 16, 17, 18, 19]) {
      assert.equal(piece[i], first[i], `byte ${i} is the same in all pieces`);
    }
  }
  const whole = Uint8Array.of(...header, ...body);
  const view = new DataView(whole.buffer);
  view.setUint16(2, whole.length);
  view.setUint16(6, (fieldOf(first) & ~0x2000) | (fieldOf(pieces.at(-1)!) & 0x2000));
  return whole;
}

/** As `from` has them: the identification, and the header checksum that covers it. */
function withIdentification(packet: Uint8Array, from: Uint8Array): Uint8Array {
  const copy = packet.slice();
  copy.set(from.subarray(4, 6), 4);
  copy.set([0, 0], 10);
  return copy;
}

const OPTIONS: readonly (readonly number[])[] = [
  [1],
  [7, 7, 4, 1, 2, 3, 4],
  [0x82, 11, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  [0x88, 4, 9, 9],
  [68, 5, 5, 0, 1],
  [0x94, 4, 0, 0],
];
const PROTOCOLS = [1, 6, 17, 47];

interface Wish {
  readonly host: number;
  readonly protocol: number;
  readonly options: readonly number[];
  readonly size: number;
  readonly fragment: number;
  readonly seed: number;
}

const wishes: fc.Arbitrary<Wish> = fc.record({
  host: fc.integer({ min: 0, max: 2 }),
  protocol: fc.constantFrom(...PROTOCOLS),
  options: fc
    .array(fc.constantFrom(...OPTIONS), { maxLength: 5 })
    .map((all) => all.flat().slice(0, 40))
    .filter((all) => all.length === 0 || copiesAreWhole(all)),
  size: fc.integer({ min: 40, max: 2500 }),
  fragment: fc.constantFrom(0, 0, 0, 0x2000, 185, 0x2000 | 185),
  seed: fc.integer({ min: 1, max: 1 << 30 }),
});

/** Whether no option was cut off. */
function copiesAreWhole(options: readonly number[]): boolean {
  let at = 0;
  while (at < options.length) at += options[at] === 1 ? 1 : (options[at + 1] ?? 99);
  return at === options.length;
}

/** A packet of random bytes with right checksums. Where ports decide it is no later fragment. */
function packetOf({ host, protocol, options, size, fragment, seed }: Wish): Uint8Array {
  const random = seededRandom(seed);
  const header = 20 + Math.ceil(options.length / 4) * 4;
  const body = fragment & 0x2000 ? size & ~7 : size;
  const packet = new Uint8Array(header + body).map(() => random.below(256));
  const view = new DataView(packet.buffer);
  const offset = host === 0 ? fragment & 0x2000 : fragment;
  packet.set([0x40 | (header / 4), random.below(256)]);
  view.setUint16(2, packet.length);
  view.setUint16(6, offset);
  packet.set([64, host === 0 && protocol === 47 ? 17 : protocol], 8);
  packet.set([10, host, 0, 1 + random.below(3), 20, 0, 0, 1 + random.below(3)], 12);
  packet.fill(0, 20, header);
  packet.set(options, 20);
  if ((offset & 0x1fff) === 0) {
    if (packet[9] === 17) view.setUint16(header + 4, body);
    else if (packet[9] === 6) packet.set([0x50, 0x02], header + 12);
    else if (packet[9] === 1) packet.set([8, 0], header);
    if (packet[9] === 6 || packet[9] === 17) view.setUint32(header, 0x0c000035);
  }
  repairChecksums(packet);
  return packet;
}

property(
  "the pieces fit, and put together they are the packet that would have passed whole",
  [wishes, fc.integer({ min: 68, max: 1500 }), fc.constantFrom(...KINDS)],
  (wish, mtu, kind) => {
    const packet = packetOf(wish);
    const expected = send(gatewayWith(undefined, kind), wrap(packet, kind));
    const got = send(gatewayWith(mtu, kind), wrap(packet, kind));
    assert.equal(got.verdict, expected.verdict);
    assert.equal(got.verdict, "sent");
    const whole = unwrap(expected.frames[0]!, kind).subarray(0, packet.length);
    assert.equal(got.frames.length > 1, packet.length > mtu, "what fits is not cut");
    if (got.frames.length === 1) return;
    const pieces = got.frames.map((frame) => unwrap(frame, kind));
    const rebuilt = putTogether(pieces, mtu);
    assert.equal(
      hex(withIdentification(rebuilt, whole)),
      hex(withIdentification(whole, whole)),
      "byte for byte",
    );
    // Who shares no address keeps the identification.
    if (wish.host > 0) assert.equal(hex(rebuilt.subarray(4, 6)), hex(packet.subarray(4, 6)));
  },
  { runs: 250 },
);

const longFrom = (host: number, length = 1000) =>
  buildPacket(parsePacket(`udp 10.0.0.${host}:9 > 20.0.0.1:53 len=${length}`));

test("hosts behind one address may use one identification: their pieces do not mix", () => {
  const gateway = gatewayWith(576);
  const [one, other] = [1, 2].map((host) => send(gateway, longFrom(host)).frames);
  const host = new Reassembler();
  for (const index of [0, 1]) {
    for (const frames of [one!, other!]) {
      const whole = host.take(frames[index]!);
      assert.equal(whole !== undefined, index === 1);
      if (whole) assert.deepEqual(verifyChecksums(whole), []);
    }
  }
  assert.equal(host.incomplete, 0);
});

test("pieces of a tunnel packet that may be cut further on have tunnels of their own names", () => {
  const { frames } = send(gatewayWith(200, "vxlan"), wrap(longFrom(1), "vxlan"));
  const names = frames.map((frame) => (frame[18]! << 8) | frame[19]!);
  assert.equal(frames.length, 6);
  assert.equal(new Set(names).size, 6);
});

test("all pieces or none: without room for the last one nothing is sent, and nothing is lost", () => {
  // 1,000 bytes through 68: 21 pieces, the first one in the slot of the packet.
  for (const [slots, verdict] of [
    [20, "no-room-to-cut"],
    [21, "sent"],
  ] as const) {
    const gateway = gatewayWith(68, "bare", slots);
    for (let round = 1; round < 5; round++) {
      const sent = send(gateway, longFrom(1));
      assert.equal(sent.verdict, verdict);
      assert.equal(sent.frames.length, verdict === "sent" ? 21 : 1);
      const counts = gateway.counts();
      const dropped = counts.dropped.get("no-room-to-cut") ?? 0;
      assert.equal(counts.received, counts.sent + dropped);
      assert.equal(counts.pieces, verdict === "sent" ? 20 * round : 0);
      assert.equal(counts.pairs[0]!.bytes, verdict === "sent" ? (1000 + 20 * 20) * round : 0);
    }
    // 19 pieces: nothing of what was refused has kept a slot.
    assert.equal(send(gateway, longFrom(1, 920)).frames.length, 19);
  }
});

test("fragments that have waited leave slots for their pieces, and go on in later runs", () => {
  const gateway = gatewayWith(300, "bare", 16);
  const whole = longFrom(1, 8020);
  const places = [1000, 2000, 3000, 4000, 5000, 6000, 7000];
  const parts = cut(whole, places, 7);
  for (const part of parts.slice(1)) assert.equal(send(gateway, part).verdict, "waiting");
  assert.equal(send(gateway, parts[0]!).verdict, "sent");
  for (let i = 0; i < 8; i++) {
    gateway.run(0);
    gateway.clear();
  }
  const { sent, dropped, waiting, pieces } = gateway.counts();
  assert.deepEqual(
    { sent, dropped: dropped.size, waiting, pieces },
    {
      sent: 8,
      dropped: 0,
      waiting: 0,
      pieces: 24,
    },
  );
});
