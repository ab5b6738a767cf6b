// VPCs behind tunnels: routers at the far end, and hosts inside a VNI; what tunnels tell of their
// way.

import assert from "node:assert/strict";
import { test } from "node:test";
import { buildAnswer, buildQuestion } from "../../src/links/frames.ts";
import { wrap } from "../../src/links/outer.ts";
import { describeArp, readArp } from "../../src/wire/arp.ts";
import { checksumOf, sumBytes } from "../../src/wire/checksum.ts";
import { formatIpAddress, parseIpAddress, readIpAddress } from "../../src/wire/ip-address.ts";
import { formatMac } from "../../src/wire/mac.ts";
import { buildPacket, describePacket, parsePacket } from "../../src/wire/notation.ts";
import { verifyChecksums } from "../../src/wire/verify-checksums.ts";
import { LiveGateway, macOf, type SentFrame } from "../support/live-gateway.ts";

const CONFIG = `
vpcs: { far: { vni: 101 }, wide: { vni: 102 } }
peerings:
  p:
    peering:
      far:
        expose: [{ ips: [{ cidr: 10.0.0.0/24 }], as: [{ cidr: 192.0.2.0/24 }], nat: { static: {} } }]
      wide:
        expose: [{ ips: [{ cidr: 10.0.0.0/24 }], as: [{ cidr: 198.51.100.0/24 }], nat: { static: {} } }]
isthmus:
  underlay: { interface: u0, vtep: 172.30.8.1 }
  vpcs: { far: { vtep: 172.30.8.2, routerMac: "02:00:00:00:00:22" } }
  attachments:
    - { vpc: wide, vteps: [172.30.8.3, 172.30.8.4], address: 10.0.0.1/24 }
`;
const OURS = "02:49:ac:1e:08:01";
const ROUTER = "02:00:00:00:00:22";
const HOST = "02:00:00:00:00:08";
const HOP = { sourceMac: macOf("02:00:00:00:00:01"), destinationMac: macOf("02:00:00:00:00:ff") };
const BACK = { sourceMac: HOP.destinationMac, destinationMac: HOP.sourceMac };
const VTEPS = {
  ours: 0xac1e0801 | 0,
  router: 0xac1e0802 | 0,
  three: 0xac1e0803 | 0,
  four: 0xac1e0804 | 0,
};

function start(hops = ["172.30.8.2", "172.30.8.3", "172.30.8.4"]): LiveGateway {
  const live = new LiveGateway(CONFIG, [{ name: "u0", mac: "02:00:00:00:00:01" }]);
  for (const vtep of hops) live.gateway.links!.setOuterHop(ip(vtep), HOP, live.now);
  for (let i = 0; i < 4; i++) live.wait(1000);
  return live;
}

function ip(text: string) {
  return parseIpAddress(text)!;
}

function inner(from: string, to: string, notation: string): Uint8Array {
  const packet = buildPacket(parsePacket(notation));
  const frame = new Uint8Array(14 + packet.length);
  frame.set(macOf(to));
  frame.set(macOf(from), 6);
  new DataView(frame.buffer).setUint16(12, 0x0800);
  frame.set(packet, 14);
  return frame;
}

function fromRouter(notation: string): Uint8Array {
  return wrap(inner(ROUTER, OURS, notation), 101, VTEPS.router, VTEPS.ours, BACK);
}

function fromHost(frame: Uint8Array, vtep: number): Uint8Array {
  return wrap(frame, 102, vtep, VTEPS.ours, BACK);
}

/** "172.30.8.3 vni 102 02:… what is in it" */
function tell({ frame }: SentFrame): string {
  const view = new DataView(frame.buffer);
  const to = formatIpAddress(readIpAddress(frame, 30, 4));
  const body = frame.subarray(64);
  const isArp = view.getUint16(62) === 0x0806;
  const what = isArp ? describeArp(readArp(body)!) : describePacket(body);
  return `${to} vni ${view.getUint32(46) >>> 8} ${formatMac(frame, 50)} ${what}`;
}

const THERE = "udp 10.0.0.4:3000 > 198.51.100.8:53";
const BACKWARD = "udp 10.0.0.8:53 > 192.0.2.4:3000";
const ANSWER = buildAnswer(ip("10.0.0.8"), macOf(HOST), {
  address: ip("10.0.0.1"),
  mac: macOf(OURS),
});

test("inside a VNI everybody is asked, and the packet goes to the VTEP of who answers", () => {
  const live = start();
  const asked = live.send("u0", fromRouter(THERE)).map(tell);
  const question = "vni 102 ff:ff:ff:ff:ff:ff arp who has 10.0.0.8, tell 10.0.0.1";
  assert.deepEqual(asked, [`172.30.8.3 ${question}`, `172.30.8.4 ${question}`]);
  const [sent] = live.send("u0", fromHost(ANSWER, VTEPS.four));
  assert.match(
    tell(sent!),
    new RegExp(`^172.30.8.4 vni 102 ${HOST} udp 192.0.2.4:3000 > 10.0.0.8:53`),
  );
  assert.deepEqual(verifyChecksums(sent!.frame.subarray(14)), []);
});

test("the sender is told when nobody inside the VNI has the address", () => {
  const live = start();
  live.send("u0", fromRouter(THERE));
  const said: string[] = [];
  for (let i = 0; i < 6; i++) {
    const sent = live.wait(1000).filter((each) => !tell(each).includes("who has"));
    for (const { frame } of sent) assert.deepEqual(verifyChecksums(frame.subarray(14)), []);
    said.push(...sent.map(tell));
  }
  const error = `icmp 198.51.100.1 > 10.0.0.4 host-unreachable { ${THERE} }`;
  assert.deepEqual(said, [`172.30.8.2 vni 101 ${ROUTER} ${error}`]);
  assert.equal(live.gateway.counts().dropped.get("neighbor-unresolved"), 1);
});

test("a packet to a router behind a tunnel waits for the next hop on the underlay", () => {
  const live = start([]);
  live.gateway.links!.setOuterHop(ip("172.30.8.3"), HOP, live.now);
  live.send(
    "u0",
    fromHost(buildQuestion(ip("10.0.0.1"), ip("10.0.0.8"), macOf(HOST), undefined), VTEPS.three),
  );
  assert.deepEqual(live.send("u0", fromHost(inner(HOST, OURS, BACKWARD), VTEPS.three)), []);
  assert.equal(live.gateway.counts().waiting, 1);
  live.gateway.links!.setOuterHop(ip("172.30.8.2"), HOP, live.now);
  const sent = live.run().map(tell);
  assert.ok(
    sent.some((each) =>
      each.startsWith(`172.30.8.2 vni 101 ${ROUTER} udp 198.51.100.8:53 > 10.0.0.4:3000`),
    ),
    String(sent),
  );
});

test("a host that shows itself behind another VTEP is followed", () => {
  const live = start();
  live.send("u0", fromRouter(THERE));
  live.send("u0", fromHost(ANSWER, VTEPS.four));
  const announcement = buildAnswer(ip("10.0.0.8"), macOf(HOST), undefined);
  assert.equal(live.gateway.links!.wantedVteps().size, 3);
  live.send("u0", fromHost(announcement, VTEPS.three));
  assert.match(tell(live.send("u0", fromRouter(THERE))[0]!), /^172.30.8.3 /);
});

test("a VTEP that hosts are found behind is looked for, though nobody named it", () => {
  const live = start();
  const five = 0xac1e0805 | 0;
  const before = live.gateway.links!.wantedVteps();
  assert.equal(live.gateway.links!.wantedVteps(), before);
  const question = buildQuestion(ip("10.0.0.1"), ip("10.0.0.8"), macOf(HOST), undefined);
  live.send("u0", fromHost(question, five));
  const after = live.gateway.links!.wantedVteps();
  assert.ok(after.has(five) && !before.has(five));
});

test("the VTEPs that packets go to are the same set until they are others", () => {
  const live = start();
  const { links } = live.gateway;
  const before = links!.wantedVteps();
  live.send("u0", fromRouter(THERE));
  live.send("u0", fromHost(ANSWER, VTEPS.four));
  links!.setOuterHop(ip("172.30.8.4"), undefined, live.now);
  assert.equal(links!.wantedVteps(), before);
  live.send("u0", fromHost(buildAnswer(ip("10.0.0.8"), macOf(HOST), undefined), 0xac1e0809 | 0));
  assert.deepEqual([...links!.wantedVteps()].sort(), [...before, 0xac1e0809 | 0].sort());
});

test("a VTEP that can be reached is told the gateway's addresses, three times", () => {
  const live = start(["172.30.8.4"]);
  live.gateway.links!.setOuterHop(ip("172.30.8.3"), HOP, live.now);
  const said = [0, 1000, 1000, 1000].flatMap((millis) => live.wait(millis).map(tell));
  const told = said.filter((each) => each.startsWith("172.30.8.3 vni 102 ff:ff:ff:ff:ff:ff"));
  assert.equal(told.length, 3, String(said));
  assert.match(told[0]!, /who has 10.0.0.1, tell 10.0.0.1/);
});

test("questions and pings from inside a VNI are answered through the tunnel they came by", () => {
  const live = start();
  const question = buildQuestion(ip("10.0.0.1"), ip("10.0.0.8"), macOf(HOST), undefined);
  const [answer] = live.send("u0", fromHost(question, VTEPS.three));
  assert.equal(tell(answer!), `172.30.8.3 vni 102 ${HOST} arp 10.0.0.1 is at ${OURS}`);
  const ping = inner(HOST, OURS, "icmp 10.0.0.8 > 10.0.0.1 echo-request id=7 seq=1");
  const [pong] = live.send("u0", fromHost(ping, VTEPS.three));
  assert.match(
    tell(pong!),
    new RegExp(`^172.30.8.3 vni 102 ${HOST} icmp 10.0.0.1 > 10.0.0.8 echo-reply`),
  );
  assert.deepEqual(verifyChecksums(pong!.frame.subarray(14)), []);
});

test("a ping that came with options in the tunnel's header, and few hops left, is answered right", () => {
  const live = start();
  const ping = inner(HOST, OURS, "icmp 10.0.0.8 > 10.0.0.1 echo-request id=7 seq=1");
  const plain = fromHost(ping, VTEPS.three);
  const bytes = new Uint8Array(plain.length + 4);
  bytes.set(plain.subarray(0, 34));
  bytes.set([1, 1, 1, 1], 34);
  bytes.set(plain.subarray(34), 38);
  const view = new DataView(bytes.buffer);
  view.setUint8(14, 0x46);
  view.setUint16(16, view.getUint16(16) + 4);
  view.setUint8(22, 1);
  view.setUint16(24, 0);
  view.setUint16(24, checksumOf(sumBytes(bytes.subarray(14, 38))));
  view.setUint16(44, 0xbad);
  const [pong] = live.send("u0", bytes);
  assert.deepEqual(verifyChecksums(pong!.frame.subarray(14)), []);
  assert.deepEqual([pong!.frame[22], pong!.frame[14]], [64, 0x46]);
});

/** With the outer congestion bits. */
function marked(frame: Uint8Array, bits: number): Uint8Array {
  const copy = frame.slice();
  const view = new DataView(copy.buffer);
  copy[15] = bits;
  view.setUint16(24, 0);
  let sum = 0;
  for (let i = 14; i < 34; i += 2) sum += view.getUint16(i);
  sum = (sum & 0xffff) + (sum >>> 16);
  view.setUint16(24, ~((sum & 0xffff) + (sum >>> 16)) & 0xffff);
  return copy;
}

// RFC 6040, figure 4: rows are the packet's own bits, columns those of the tunnel it came in.
for (const [own, ...results] of [
  [0, 0, 0, 0, "drop"],
  [1, 1, 1, 1, 3],
  [2, 2, 1, 2, 3],
  [3, 3, 3, 3, 3],
] as const) {
  for (const [outer, result] of results.entries()) {
    test(`congestion bits ${own} in a tunnel with ${outer}: ${result}`, () => {
      for (let warm = 0; warm < 2; warm++) {
        const live = start();
        live.send("u0", fromRouter(THERE));
        live.send("u0", fromHost(ANSWER, VTEPS.four));
        const sent = live.send("u0", marked(fromRouter(`${THERE} tos=${0x28 | own}`), outer));
        if (result === "drop") {
          assert.deepEqual(sent, []);
          assert.equal(live.gateway.counts().dropped.get("congestion-unmarked"), 1);
        } else {
          const { frame } = sent[0]!;
          assert.deepEqual([frame[15], frame[65]], [0x28 | result, 0x28 | result]);
          assert.deepEqual(verifyChecksums(frame.subarray(14)), []);
          assert.deepEqual(verifyChecksums(frame.subarray(64)), []);
        }
      }
    });
  }
}
