// Packets byte for byte: what comes in, what must go out.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { verifyChecksums } from "../../src/wire/verify-checksums.ts";
import { ethernetFrame, vxlanFrame } from "../support/frames.ts";
import { ethernetInterface, gatewayOf, pass, rawInterface } from "../support/gateway.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, "hex"));

/** One host's port becomes another's, towards a static prefix: addresses and ports on both ends. */
const PORTS = `
vpcs: { v1: { vni: 100 }, v2: { vni: 200 } }
peerings:
  p:
    peering:
      v1:
        expose:
          - ips: [{ cidr: 1.2.3.4/32, ports: "1234" }]
            as: [{ cidr: 5.5.5.5/32, ports: "1024" }]
            nat: { static: {} }
      v2:
        expose:
          - { ips: [{ cidr: 192.168.0.0/24 }], as: [{ cidr: 5.6.7.0/24 }], nat: { static: {} } }
`;

const REQUEST = "450000200000000040116aba010203040506070804d2162e000c0ffc61626364";
const REQUEST_OUT = "45000020000000003f11b11305050505c0a800080400162e000c562761626364";
const REPLY = "45000020000000004011b013c0a8000805050505162e0400000c562761626364";
const REPLY_OUT = "45000020000000003f116bba0506070801020304162e04d2000c0ffc61626364";
const ERROR =
  "4500003c0000000040015ca2090a0b0c050505050301c7d60000000045000020000000003f11b11305050505c0a800080400162e000c562761626364";
const ERROR_OUT =
  "4500003c000000003f0163a6090a0b0c0102030403010d300000000045000020000000003f116bba010203040506070804d2162e000c0ffc61626364";

for (const [name, vpc, input, output] of [
  ["a request", "v1", REQUEST, REQUEST_OUT],
  ["its reply", "v2", REPLY, REPLY_OUT],
  ["an ICMP error about it", "v2", ERROR, ERROR_OUT],
] as const) {
  test(`${name}, byte for byte`, () => {
    const gateway = gatewayOf(PORTS);
    const outcome = pass(gateway, rawInterface(gateway, vpc), bytesOf(input));
    assert.equal(outcome.verdict, "sent");
    assert.equal(hex(outcome.packet), output);
  });
}

/** A configuration of the stories. */
const configured = (name: string) =>
  gatewayOf(readFileSync(`tests/stories/configs/${name}.yaml`, "utf8"));

test("the first packet through static NAT with ports and port forwarding, byte for byte", () => {
  const gateway = configured("static-port-forward");
  const outcome = pass(gateway, rawInterface(gateway, "vpc1"), bytesOf(REQUEST));
  const expected = "45000020000000003f11b11405050504c0a8000806c61dfe000c4b9261626364";
  assert.equal(hex(outcome.packet), expected);
});

test("the checksum of a bare SYN to a forwarded port", () => {
  const gateway = configured("w1");
  const syn = buildPacket(parsePacket("tcp 10.0.0.2:7777 > 70.71.72.73:3022 syn"));
  const outcome = pass(gateway, rawInterface(gateway, "vpc1"), syn);
  assert.equal(outcome.verdict, "sent");
  assert.equal(hex(syn.subarray(36, 38)), "ed21");
  assert.equal(hex(outcome.packet.subarray(36, 38)), "c5c0");
});

const STATIC = `
vpcs: { v1: { vni: 100 }, v2: { vni: 200 } }
peerings:
  p:
    peering:
      v1: { expose: [{ ips: [{ cidr: 10.0.0.0/24 }] }] }
      v2:
        expose:
          - { ips: [{ cidr: 192.168.1.0/24 }], as: [{ cidr: 70.71.72.0/24 }], nat: { static: {} } }
`;

test("a bare SYN in a padded frame: the padding is never summed, and leaves as it came", () => {
  const syn = buildPacket(parsePacket("tcp 10.0.0.2:7777 > 70.71.72.73:3022 syn"));
  const inner = ethernetFrame(syn, { padTo: 60 });
  inner.fill(0xaa, 54);
  const gateway = gatewayOf(STATIC);
  const outcome = pass(gateway, ethernetInterface(gateway), vxlanFrame(100, inner));
  assert.equal(outcome.verdict, "sent");
  assert.deepEqual(verifyChecksums(outcome.packet), []);
  const frame = outcome.frame;
  assert.equal(frame.length, 110);
  assert.equal(hex(frame.subarray(104)), "aaaaaaaaaaaa");
  assert.equal(frame[48], 200, "the VNI is that of the other VPC");
  assert.equal(hex(frame.subarray(50, 64)), hex(inner.subarray(0, 14)));
});

test("an ICMP error in a padded frame: its checksum is of the packet alone", () => {
  const text = "icmp 192.168.1.9 > 10.0.0.2 port-unreachable { udp 10.0.0.2:1 > 192.168.1.9:2 }";
  const frame = ethernetFrame(buildPacket(parsePacket(text)), { padTo: 90 });
  frame.fill(0xaa, 70);
  const gateway = gatewayOf(STATIC);
  const outcome = pass(gateway, ethernetInterface(gateway, { vpc: "v2" }), frame);
  assert.equal(outcome.verdict, "sent");
  assert.equal(outcome.packet.length, 56);
  assert.deepEqual(verifyChecksums(outcome.packet), []);
  assert.equal(hex(outcome.frame.subarray(70)), "aa".repeat(20));
});

test("up to four VLAN tags pass, a fifth does not", () => {
  const gateway = gatewayOf(STATIC);
  const iface = ethernetInterface(gateway, { vpc: "v1" });
  const packet = buildPacket(parsePacket("udp 10.0.0.2:1 > 70.71.72.73:2"));
  for (let tags = 0; tags <= 5; tags++) {
    const frame = ethernetFrame(packet, { vlans: new Array(tags).fill(7) });
    const outcome = pass(gateway, iface, frame);
    assert.equal(outcome.verdict, tags <= 4 ? "sent" : "vlan-too-deep");
    if (tags <= 4) assert.equal(outcome.frame.length, frame.length);
  }
});

test("IPv4 options are skipped, and kept", () => {
  const plain = buildPacket(parsePacket('udp 10.0.0.2:1 > 70.71.72.73:2 data="abcd"'));
  const packet = new Uint8Array(plain.length + 4);
  packet.set(plain.subarray(0, 20));
  packet.set([1, 1, 1, 0], 20);
  packet.set(plain.subarray(20), 24);
  packet[0] = 0x46;
  packet[3] = packet.length;
  packet.set([0, 0], 10);
  const view = new DataView(packet.buffer);
  let sum = 0;
  for (let at = 0; at < 24; at += 2) sum += view.getUint16(at);
  view.setUint16(10, ~((sum & 0xffff) + (sum >>> 16)) & 0xffff);
  const gateway = gatewayOf(STATIC);
  const outcome = pass(gateway, rawInterface(gateway, "v1"), packet);
  assert.equal(outcome.verdict, "sent");
  assert.deepEqual(verifyChecksums(outcome.packet), []);
  assert.equal(hex(outcome.packet.subarray(20, 24)), "01010100");
});

/** An IPv6 UDP packet with extension headers before it. */
function withExtensions(headers: [type: number, bytes: number[]][]): Uint8Array {
  const udp = buildPacket(parsePacket("udp [2001:db8:1::4]:7 > [2001:db8:2::9]:9"));
  const extra = headers.flatMap(([, bytes], index) => [headers[index + 1]?.[0] ?? 17, ...bytes]);
  const packet = new Uint8Array(udp.length + extra.length);
  packet.set(udp.subarray(0, 40));
  packet.set(extra, 40);
  packet.set(udp.subarray(40), 40 + extra.length);
  packet[6] = headers[0]?.[0] ?? 17;
  new DataView(packet.buffer).setUint16(4, packet.length - 40);
  return packet;
}

const V6 = `
vpcs: { v1: { vni: 100 }, v2: { vni: 200 } }
peerings:
  p:
    peering:
      v1:
        expose:
          - ips: [{ cidr: "2001:db8:1::/64" }]
            as: [{ cidr: "2001:db8:a::/64" }]
            nat: { static: {} }
      v2: { expose: [{ ips: [{ cidr: "2001:db8:2::/64", ports: "9" }] }] }
`;
const OPTIONS = [0, 1, 4, 0, 0, 0, 0];
/** After a PadN, so that it stands where it must (RFC 6275, 6.3). */
const HOME_ADDRESS = [2, 1, 2, 0, 0, 0xc9, 16, ...new Array(16).fill(7)];

for (const [name, headers, verdict] of [
  ["none", [], "sent"],
  [
    "hop-by-hop, destination options, routing done",
    [
      [0, OPTIONS],
      [60, OPTIONS],
      [43, [0, 0, 0, 0, 0, 0, 0]],
    ],
    "sent",
  ],
  ["mobility with something behind", [[135, OPTIONS]], "untranslatable"],
  ["eight of them", new Array(8).fill([60, OPTIONS]), "sent"],
  ["nine of them", new Array(9).fill([60, OPTIONS]), "ipv6-bad-extension"],
  ["one longer than the packet", [[60, [9, 1, 4, 0, 0, 0, 0]]], "ipv6-bad-extension"],
  ["a home address", [[60, HOME_ADDRESS]], "untranslatable"],
  ["options cut short", [[60, [0, 7, 1, 0, 0, 5, 9]]], "sent"],
  ["routing not done", [[43, [0, 0, 1, 0, 0, 0, 0]]], "untranslatable"],
  ["an authentication header", [[51, [1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1]]], "untranslatable"],
] as [string, [number, number[]][], string][]) {
  test(`IPv6 extension headers: ${name}: ${verdict}`, () => {
    const gateway = gatewayOf(V6);
    const outcome = pass(gateway, rawInterface(gateway, "v1"), withExtensions(headers));
    assert.equal(outcome.verdict, verdict);
    if (verdict === "sent") assert.deepEqual(verifyChecksums(outcome.packet), []);
  });
}

test("what ties a packet to its addresses does not keep it from a flow that leaves them alone", () => {
  const side = (cidr: string) => ({ expose: [{ ips: [{ cidr }] }] });
  const peering = { v1: side("2001:db8:1::/64"), v2: side("2001:db8:2::/64") };
  const acl = { default: "deny", rules: [{ from: "v1", action: "allow", scope: "flow" }] };
  const vpcs = { v1: { vni: 100 }, v2: { vni: 200 } };
  const gateway = gatewayOf({ vpcs, peerings: { p: { peering, acl } } });
  const iface = rawInterface(gateway, "v1");
  for (const headers of [[], [[60, HOME_ADDRESS]]] as [number, number[]][][]) {
    assert.equal(pass(gateway, iface, withExtensions(headers)).verdict, "sent");
  }
  const [flow] = gateway.flows();
  assert.deepEqual(flow?.packets, [2, 0]);
});

for (const [name, change, verdict] of [
  ["too short for Ethernet", (frame: Uint8Array) => frame.subarray(0, 13), "frame-too-short"],
  ["a multicast source", (frame: Uint8Array) => frame.fill(1, 6, 7), "ethernet-bad-address"],
  ["a zero destination", (frame: Uint8Array) => frame.fill(0, 0, 6), "ethernet-bad-address"],
  ["ARP", (frame: Uint8Array) => frame.fill(6, 13, 14), "not-ip"],
  [
    "a VLAN tag and nothing else",
    (frame: Uint8Array) => frame.fill(0x81, 12, 13).subarray(0, 16),
    "frame-too-short",
  ],
  ["IP version 5", (frame: Uint8Array) => frame.fill(0x55, 14, 15), "ipv4-bad-header"],
  ["a header of 16 bytes", (frame: Uint8Array) => frame.fill(0x44, 14, 15), "ipv4-bad-header"],
  [
    "a total length below the header",
    (frame: Uint8Array) => frame.fill(10, 17, 18),
    "ipv4-bad-header",
  ],
  ["cut off in the IP header", (frame: Uint8Array) => frame.subarray(0, 30), "ipv4-truncated"],
  ["cut off in the payload", (frame: Uint8Array) => frame.subarray(0, 50), "ipv4-truncated"],
  ["a damaged IP header", (frame: Uint8Array) => frame.fill(99, 19, 20), "ipv4-bad-checksum"],
  [
    "a UDP length beyond the packet",
    (frame: Uint8Array) => frame.fill(200, 39, 40),
    "udp-malformed",
  ],
  ["a UDP length below its header", (frame: Uint8Array) => frame.fill(7, 39, 40), "udp-malformed"],
] as [string, (frame: Uint8Array) => Uint8Array, string][]) {
  test(`a malformed frame: ${name}: ${verdict}`, () => {
    const packet = buildPacket(parsePacket('udp 10.0.0.2:1 > 70.71.72.73:2 data="0123456789"'));
    const gateway = gatewayOf(STATIC);
    const iface = ethernetInterface(gateway, { vpc: "v1" });
    assert.equal(pass(gateway, iface, change(ethernetFrame(packet))).verdict, verdict);
  });
}

test("a frame longer than a slot is accounted for", () => {
  const gateway = gatewayOf(STATIC, 512);
  const outcome = pass(gateway, ethernetInterface(gateway, { vpc: "v1" }), new Uint8Array(600));
  assert.equal(outcome.verdict, "frame-too-long");
  assert.equal(gateway.counts().received, 1);
});

test("a tunnel with a UDP checksum leaves without one; lengths must agree", () => {
  const gateway = gatewayOf(STATIC);
  const iface = ethernetInterface(gateway);
  const frame = vxlanFrame(
    100,
    ethernetFrame(buildPacket(parsePacket("udp 10.0.0.2:1 > 70.71.72.73:2"))),
  );
  frame.set([0x12, 0x34], 40);
  const { frame: out } = pass(gateway, iface, frame);
  assert.equal(hex(out.subarray(40, 42)), "0000");
  assert.deepEqual(verifyChecksums(out.subarray(14)), []);
  const shorter = frame.slice();
  new DataView(shorter.buffer).setUint16(38, new DataView(frame.buffer).getUint16(38) - 4);
  assert.equal(pass(gateway, iface, shorter).verdict, "vxlan-malformed");
});

test("an EtherType that is not that of the packet", () => {
  const gateway = gatewayOf(STATIC);
  const iface = ethernetInterface(gateway, { vpc: "v1" });
  const frame = ethernetFrame(buildPacket(parsePacket("udp 10.0.0.2:1 > 70.71.72.73:2")));
  frame.set([0x86, 0xdd], 12);
  assert.equal(pass(gateway, iface, frame).verdict, "ipv6-bad-header");
  const v6 = ethernetFrame(buildPacket(parsePacket("udp [2001:db8::1]:1 > [2001:db8::2]:2")));
  v6.set([0x08, 0x00], 12);
  assert.equal(pass(gateway, iface, v6).verdict, "ipv4-bad-header");
});

test("VXLAN: what is wrong with a tunnel is said", () => {
  const gateway = gatewayOf(STATIC);
  const iface = ethernetInterface(gateway);
  const inner = ethernetFrame(buildPacket(parsePacket("udp 10.0.0.2:1 > 70.71.72.73:2")));
  const changed = (at: number, value: number) => {
    const frame = vxlanFrame(100, inner);
    frame[at] = value;
    return frame;
  };
  const cases: [Uint8Array, string][] = [
    [vxlanFrame(100, inner), "sent"],
    [vxlanFrame(999, inner), "unknown-vpc"],
    [changed(42, 0), "vxlan-malformed"],
    [vxlanFrame(0, inner), "vxlan-malformed"],
    [changed(39, 20), "vxlan-malformed"],
    [changed(18, 1), "ipv4-bad-checksum"],
    [ethernetFrame(buildPacket(parsePacket("udp 1.1.1.1:1 > 2.2.2.2:2"))), "unknown-vpc"],
  ];
  for (const [frame, verdict] of cases) assert.equal(pass(gateway, iface, frame).verdict, verdict);
});
