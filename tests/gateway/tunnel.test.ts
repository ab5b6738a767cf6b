// The way out into a tunnel: prepared headers before the packet, whatever it came in.

import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../src/base/random.ts";
import { loadConfig } from "../../src/config/load.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { natModes } from "../../src/nat/modes.ts";
import type { AdjacencyInit } from "../../src/tables/adjacency-table.ts";
import { buildPacket, describePacket, parsePacket } from "../../src/wire/notation.ts";
import { verifyChecksums } from "../../src/wire/verify-checksums.ts";
import { ethernetFrame, vxlanFrame, vxlanOverIpv6 } from "../support/frames.ts";
import { pass } from "../support/gateway.ts";

const mac = (last: number) => Uint8Array.of(2, 0, 0, 0, 0, last);

function adjacency(vpc: string): AdjacencyInit | undefined {
  if (vpc !== "v2") return undefined;
  return {
    outerSourceMac: mac(1),
    outerDestinationMac: mac(2),
    vtep: 0xac1e0801,
    remoteVtep: 0xac1e0803,
    vni: 200,
    innerSourceMac: mac(3),
    innerDestinationMac: mac(4),
  };
}

function makeGateway(): Gateway {
  const text = JSON.stringify({
    vpcs: { v1: { vni: 100 }, v2: { vni: 200 } },
    peerings: {
      p: {
        peering: {
          v1: {
            expose: [{ ips: [{ cidr: "10.0.0.0/24" }] }, { ips: [{ cidr: "2001:db8:1::/64" }] }],
          },
          v2: {
            expose: [{ ips: [{ cidr: "20.0.0.0/24" }] }, { ips: [{ cidr: "2001:db8:2::/64" }] }],
          },
        },
      },
    },
  });
  const { config } = loadConfig(text, "", natModes);
  const gateway = new Gateway(
    { slots: 256, slotBytes: 65792, flowCapacity: 64 },
    { random: seededRandom(1), adjacency },
  );
  gateway.apply(config!);
  return gateway;
}

/** What is in the tunnel, with the headers around it checked. */
function open(frame: Uint8Array): { inner: Uint8Array; sourcePort: number } {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  const hex = Buffer.from(frame).toString("hex");
  assert.equal(hex.slice(0, 28), "0200000000020200000000010800");
  const outer = frame.subarray(14);
  const sourcePort = view.getUint16(34);
  const expected = `udp 172.30.8.1:${sourcePort} > 172.30.8.3:4789 ttl=64 tos=0 id=0 len=${outer.length} df checksum=0`;
  assert.equal(describePacket(outer, "full").replace(/ data=.*/, ""), expected);
  assert.deepEqual(verifyChecksums(outer), []);
  assert.equal(view.getUint16(38), outer.length - 20, "UDP length");
  assert.equal(hex.slice(84, 100), "080000000000c800", "VXLAN flags and VNI");
  const inner = frame.subarray(64);
  const etherType = (inner[0] ?? 0) >>> 4 === 6 ? "86dd" : "0800";
  assert.equal(hex.slice(100, 128), `020000000004020000000003${etherType}`);
  assert.ok(sourcePort >= 0xc000);
  return { inner, sourcePort };
}

const TEXTS = [
  "udp 10.0.0.4:1000 > 20.0.0.8:2000",
  "tcp [2001:db8:1::4]:1000 > [2001:db8:2::8]:2000 syn",
  'icmp 10.0.0.4 > 20.0.0.8 echo-request id=7 data="odd"',
];

for (const text of TEXTS) {
  const packet = buildPacket(parsePacket(text));
  const expected = buildPacket(parsePacket(`${text} ttl=63`));
  for (const [name, link, vpc, frame] of [
    ["bare", "raw-ip", "v1", packet],
    ["in Ethernet, padded", "ethernet", "v1", ethernetFrame(packet, { padTo: 90 })],
    ["behind two VLAN tags", "ethernet", "v1", ethernetFrame(packet, { vlans: [5, 6] })],
    ["in VXLAN", "ethernet", undefined, vxlanFrame(100, ethernetFrame(packet))],
  ] as const) {
    test(`${text}, ${name}, leaves in a tunnel`, () => {
      const gateway = makeGateway();
      const iface = gateway.addInterface({ name: "in", link, vpc, vxlan: true });
      const outcome = pass(gateway, iface, frame);
      assert.equal(outcome.verdict, "sent");
      const { inner } = open(outcome.frame);
      assert.deepEqual(inner, expected);
    });
  }
}

test("packets of a flow share the source port of the tunnel, flows differ", () => {
  const gateway = makeGateway();
  const iface = gateway.addInterface({ name: "in", link: "raw-ip", vpc: "v1", vxlan: false });
  const portOf = (port: number) => {
    const packet = buildPacket(parsePacket(`udp 10.0.0.4:${port} > 20.0.0.8:2000`));
    return open(pass(gateway, iface, packet).frame).sourcePort;
  };
  assert.equal(portOf(1000), portOf(1000));
  const ports = new Set(Array.from({ length: 64 }, (_, index) => portOf(1000 + index)));
  assert.ok(ports.size > 50, `${ports.size} different ports for 64 flows`);
});

test("a tunnel over IPv6 goes back with a UDP checksum that is right", () => {
  const gateway = makeGateway();
  const iface = gateway.addInterface({ name: "in", link: "ethernet", vpc: undefined, vxlan: true });
  for (const text of [
    "udp 20.0.0.8:2000 > 10.0.0.4:1000",
    'udp 20.0.0.8:1 > 10.0.0.4:2 data="odd"',
  ]) {
    const packet = buildPacket(parsePacket(text));
    const { verdict, frame } = pass(gateway, iface, vxlanOverIpv6(200, ethernetFrame(packet)));
    assert.equal(verdict, "sent");
    const outer = frame.subarray(14);
    assert.notEqual(new DataView(outer.buffer, outer.byteOffset).getUint16(46), 0);
    assert.deepEqual(verifyChecksums(outer), []);
    const expected = vxlanOverIpv6(100, ethernetFrame(buildPacket(parsePacket(`${text} ttl=63`))));
    assert.deepEqual(frame.slice(), expected);
  }
});

test("what would be too long with the tunnel around it is dropped", () => {
  const gateway = makeGateway();
  const iface = gateway.addInterface({ name: "in", link: "raw-ip", vpc: "v1", vxlan: false });
  const verdictOf = (length: number) => {
    const text = `udp 10.0.0.4:1 > 20.0.0.8:2 len=${length}`;
    return pass(gateway, iface, buildPacket(parsePacket(text))).verdict;
  };
  assert.equal(verdictOf(65485), "sent");
  assert.equal(verdictOf(65486), "tunnel-too-long");
});

test("a VPC without a tunnel is left the way the packet came", () => {
  const gateway = makeGateway();
  const iface = gateway.addInterface({ name: "in", link: "raw-ip", vpc: "v2", vxlan: false });
  const packet = buildPacket(parsePacket("udp 20.0.0.8:2000 > 10.0.0.4:1000"));
  assert.equal(pass(gateway, iface, packet).frame.length, packet.length);
});
