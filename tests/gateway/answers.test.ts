// The gateway's own ICMP errors, in whatever their causes came in: turned round, lengths and
// checksums of every layer right.

import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../src/base/random.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { buildPacket, describePacket, parsePacket } from "../../src/wire/notation.ts";
import { verifyChecksums } from "../../src/wire/verify-checksums.ts";
import { ethernetFrame, vxlanFrame, vxlanOverIpv6 } from "../support/frames.ts";
import { configOf, ethernetInterface, gatewayOf } from "../support/gateway.ts";

const CONFIG = {
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
  isthmus: { vpcs: { v1: { addresses: ["10.0.0.254", "2001:db8:1::fe"] } } },
};

const V4 = "udp 10.0.0.1:7 > 20.0.0.1:8 ttl=1 len=1000";
const V6 = "udp [2001:db8:1::1]:7 > [2001:db8:2::1]:8 ttl=1 len=1000";
const SAID = {
  4: /^icmp 10\.0\.0\.254 > 10\.0\.0\.1 time-exceeded .*len=576 .*\{ udp 10\.0\.0\.1:7 /,
  6: /^icmp 2001:db8:1::fe > 2001:db8:1::1 time-exceeded .*len=1048 .*\{ udp \[2001:db8:1::1\]:7 /,
};
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const TURNED = "02000000000a02000000000b";

/** What the gateway answers to the frame, and the packet in it. */
function answerTo(gateway: Gateway, frame: Uint8Array, vpc?: string) {
  const iface = ethernetInterface(gateway, vpc === undefined ? {} : { vpc });
  gateway.receive(iface, frame);
  gateway.run(0);
  assert.equal(gateway.outcome(0).verdict, "ttl-exceeded");
  const [answer, ...more] = gateway.answers();
  assert.ok(answer !== undefined && more.length === 0);
  const copy = { ...answer, frame: answer.frame.slice(), packet: answer.packet.slice() };
  gateway.clear();
  assert.equal(gateway.counts().answered, 1);
  return copy;
}

function checkInner(inner: Uint8Array, packet: Uint8Array, family: 4 | 6): void {
  assert.equal(hex(inner.subarray(0, 12)), TURNED);
  assert.equal(hex(inner.subarray(14)), hex(packet));
  assert.match(describePacket(packet, "full"), SAID[family]);
  assert.deepEqual(
    verifyChecksums(packet).filter(({ quoted }) => !quoted),
    [],
  );
}

for (const [family, text] of [
  [4, V4],
  [6, V6],
] as const) {
  const inner = ethernetFrame(buildPacket(parsePacket(text)));

  test(`IPv${family} on plain Ethernet`, () => {
    const { frame, packet, to } = answerTo(gatewayOf(CONFIG), inner, "v1");
    assert.equal(to, "v1");
    checkInner(frame, packet, family);
  });

  test(`IPv${family} behind VLAN tags`, () => {
    const tagged = ethernetFrame(buildPacket(parsePacket(text)), { vlans: [5, 6] });
    const { frame, packet } = answerTo(gatewayOf(CONFIG), tagged, "v1");
    assert.equal(hex(frame.subarray(0, 20)), `${TURNED}8100000581000006`);
    assert.equal(hex(frame.subarray(22)), hex(packet));
  });

  test(`IPv${family} in VXLAN over IPv4`, () => {
    const { frame, packet } = answerTo(gatewayOf(CONFIG), vxlanFrame(100, inner));
    checkInner(frame.subarray(50), packet, family);
    assert.equal(hex(frame.subarray(0, 12)), TURNED);
    assert.equal(hex(frame.subarray(42, 50)), "0800000000006400");
    const outer = frame.subarray(14);
    assert.match(describePacket(outer), /^udp 172\.30\.8\.2:50000 > 172\.30\.8\.1:4789/);
    assert.equal(new DataView(frame.buffer).getUint16(16), outer.length);
    assert.deepEqual(verifyChecksums(outer), []);
  });

  test(`IPv${family} in VXLAN over IPv6, whose UDP checksum must be right`, () => {
    const { frame, packet } = answerTo(gatewayOf(CONFIG), vxlanOverIpv6(100, inner));
    checkInner(frame.subarray(70), packet, family);
    const outer = frame.subarray(14);
    assert.match(describePacket(outer), /^udp \[2001:db8:9::2\]:50000 > \[2001:db8:9::1\]:4789/);
    assert.deepEqual(verifyChecksums(outer), []);
  });
}

test("through a prepared tunnel", () => {
  const mac = (last: number) => Uint8Array.of(2, 0, 0, 0, 0, last);
  const adjacency = () => ({
    outerSourceMac: mac(1),
    outerDestinationMac: mac(2),
    vtep: 0xac1e0801,
    remoteVtep: 0xac1e0803,
    vni: 100,
    innerSourceMac: mac(3),
    innerDestinationMac: mac(4),
  });
  const gateway = new Gateway(
    { slots: 16, flowCapacity: 64 },
    { random: seededRandom(1), adjacency },
  );
  gateway.apply(configOf(CONFIG));
  const { frame, packet } = answerTo(
    gateway,
    vxlanFrame(100, ethernetFrame(buildPacket(parsePacket(V4)))),
  );
  assert.equal(hex(frame.subarray(50, 64)), "0200000000040200000000030800");
  assert.equal(hex(frame.subarray(64)), hex(packet));
  assert.deepEqual(verifyChecksums(frame.subarray(14)), []);
});

test("a frame to a group is not answered", () => {
  const gateway = gatewayOf(CONFIG);
  const frame = ethernetFrame(buildPacket(parsePacket(V4)));
  frame.fill(0xff, 0, 6);
  gateway.receive(ethernetInterface(gateway, { vpc: "v1" }), frame);
  gateway.run(0);
  assert.deepEqual(gateway.answers(), []);
});

test("without room in the pool there is no answer, and nothing leaks", () => {
  const gateway = new Gateway({ slots: 16, flowCapacity: 64 }, { random: seededRandom(1) });
  gateway.apply(configOf(CONFIG));
  const iface = ethernetInterface(gateway, { vpc: "v1" });
  const frame = ethernetFrame(buildPacket(parsePacket(V4)));
  for (let round = 0; round < 5; round++) {
    let received = 0;
    while (received < 13 && gateway.receive(iface, frame)) received++;
    assert.equal(received, 13);
    gateway.run(round * 10_000);
    assert.equal(gateway.answers().length, 3);
  }
});

test("in small slots an answer quotes what fits, and touches no other packet", () => {
  const gateway = new Gateway(
    { slots: 16, slotBytes: 512, flowCapacity: 64 },
    { random: seededRandom(1) },
  );
  gateway.apply(configOf(CONFIG));
  const iface = ethernetInterface(gateway);
  const inner = ethernetFrame(buildPacket(parsePacket(V6.replace("len=1000", "len=300"))));
  const frame = vxlanFrame(100, inner);
  for (let i = 0; i < 8; i++) assert.ok(gateway.receive(iface, frame));
  gateway.run(0);
  const answers = gateway.answers();
  assert.equal(answers.length, 8);
  for (let i = 0; i < 8; i++) {
    assert.equal(hex(gateway.outcome(i).packet), hex(inner.subarray(14)));
    assert.equal(answers[i]?.frame.length, 512 - 128);
    assert.match(describePacket(answers[i]!.packet), /^icmp 2001:db8:1::fe > .* time-exceeded/);
    assert.deepEqual(verifyChecksums(answers[i]!.frame.subarray(14)), []);
  }
});
