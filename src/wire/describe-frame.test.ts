import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ethernetFrame, vxlanFrame, vxlanOverIpv6 } from "../../tests/support/frames.ts";
import { property } from "../../tests/support/property.ts";
import { buildArp } from "./arp.ts";
import { describeFrame } from "./describe-frame.ts";
import { parseIpAddress } from "./ip-address.ts";
import { parseMac } from "./mac.ts";
import { buildPacket, parsePacket } from "./notation.ts";

const MACS = "02:00:00:00:00:0a > 02:00:00:00:00:0b";
const DNS = "udp 10.0.0.4:3000 > 192.0.2.8:53";
const PACKET = buildPacket(parsePacket(DNS));
const TUNNELLED = vxlanFrame(999, ethernetFrame(PACKET));

test("Ethernet with tags, and what is in it", () => {
  assert.equal(describeFrame(ethernetFrame(PACKET), "ethernet"), `${MACS}, ${DNS}`);
  const tagged = ethernetFrame(PACKET, { vlans: [7, 0x2009] });
  assert.equal(describeFrame(tagged, "ethernet"), `${MACS} vlan 7 vlan 9, ${DNS}`);
  assert.equal(describeFrame(PACKET, "raw-ip"), DNS);
  new DataView(tagged.buffer).setUint16(20, 0x86dd);
  assert.equal(describeFrame(tagged, "ethernet"), `${MACS} vlan 7 vlan 9, type 0x86dd, ${DNS}`);
});

test("tunnels tell their ends and the VNI", () => {
  const outer = `${MACS}, VXLAN 172.30.8.1 > 172.30.8.2`;
  assert.equal(describeFrame(TUNNELLED, "ethernet"), `${outer} vni 999, ${MACS}, ${DNS}`);
  const v6 = describeFrame(vxlanOverIpv6(5, ethernetFrame(PACKET)), "ethernet");
  assert.equal(v6, `${MACS}, VXLAN 2001:db8:9::1 > 2001:db8:9::2 vni 5, ${MACS}, ${DNS}`);
  const bare = TUNNELLED.slice();
  bare[42] = 0;
  assert.equal(describeFrame(bare, "ethernet"), `${outer} without a VNI, ${MACS}, ${DNS}`);
});

test("a packet that is known is left out", () => {
  const said = describeFrame(TUNNELLED, "ethernet", 64);
  assert.equal(said, `${MACS}, VXLAN 172.30.8.1 > 172.30.8.2 vni 999, ${MACS}`);
  assert.equal(describeFrame(PACKET, "raw-ip", 0), "");
});

test("what is no packet", () => {
  const [a, b] = ["10.0.0.1", "10.0.0.8"].map((each) => parseIpAddress(each)!);
  const [mac, nobody] = [parseMac("02:00:00:00:00:08")!, new Uint8Array(6)];
  const arp = buildArp({
    operation: "request",
    senderMac: mac,
    senderAddress: b!,
    targetMac: nobody,
    targetAddress: a!,
  });
  const asked = ethernetFrame(arp);
  new DataView(asked.buffer).setUint16(12, 0x0806);
  assert.equal(describeFrame(asked, "ethernet"), `${MACS}, arp who has 10.0.0.1, tell 10.0.0.8`);
  new DataView(asked.buffer).setUint16(12, 0x88cc);
  assert.equal(describeFrame(asked, "ethernet"), `${MACS}, type 0x88cc`);
  assert.equal(describeFrame(Uint8Array.of(2, 0, 255), "ethernet"), "bytes 02 00 ff");
  const long = describeFrame(new Uint8Array(33), "unknown");
  assert.equal(long, `bytes ${"00 ".repeat(32)}…`);
});

property(
  "frames that end anywhere, with anything in them, are told",
  [fc.nat(TUNNELLED.length), fc.array(fc.tuple(fc.nat(TUNNELLED.length - 1), fc.nat(255)))],
  (length, changes) => {
    const bytes = TUNNELLED.slice();
    for (const [at, value] of changes) bytes[at] = value;
    for (const link of ["ethernet", "raw-ip", "unknown"] as const) {
      assert.equal(typeof describeFrame(bytes.subarray(0, length), link), "string");
    }
  },
);
