// What hosts on a link may say, and what the gateway does not believe them: places that are no
// host's, invalid messages, more neighbors than there is room for.

import assert from "node:assert/strict";
import { test } from "node:test";
import { buildAnswer, buildQuestion } from "../../src/links/frames.ts";
import { checksumOf, pseudoHeaderSum, sumBytes } from "../../src/wire/checksum.ts";
import { formatMac } from "../../src/wire/mac.ts";
import { LiveGateway, macOf, type SentFrame } from "../support/live-gateway.ts";
import { frame, GW, HOST, ip, PORTS, SERVER } from "./blue-and-green.ts";

const CONFIG = `
vpcs: { blue: { vni: 101 }, green: { vni: 102 } }
peerings:
  p:
    peering:
      blue: { expose: [{ ips: [{ cidr: 10.0.0.0/24 }] }, { ips: [{ cidr: "2001:db8:1::/64" }] }] }
      green: { expose: [{ ips: [{ cidr: 10.1.0.0/16 }] }, { ips: [{ cidr: "2001:db8:2::/64" }] }] }
isthmus:
  attachments:
    - { vpc: blue, interface: b0, address: 10.0.0.1/24 }
    - { vpc: blue, interface: b0, address: "2001:db8:1::1/64" }
    - { vpc: green, interface: g0, address: 10.1.0.1/16 }
    - { vpc: green, interface: g0, address: "2001:db8:2::1/64" }
`;
/** With what is said at start done. */
function start(): LiveGateway {
  const live = new LiveGateway(CONFIG, PORTS);
  for (let i = 0; i < 5; i++) live.wait(1000);
  return live;
}

/** Where IP packets among them go. */
function receivers(sent: readonly SentFrame[], protocol = 17): string[] {
  const at = (bytes: Uint8Array) => (bytes[14]! >>> 4 === 6 ? 20 : 23);
  return sent
    .filter(({ frame: bytes }) => bytes[12] !== 0x08 || bytes[13] !== 0x06)
    .filter(({ frame: bytes }) => bytes[at(bytes)] === protocol)
    .map(({ frame: bytes }) => formatMac(bytes));
}

/** The ICMPv6 message in the frame is changed, and its checksum is right again. */
function changed(bytes: Uint8Array, change: (packet: Uint8Array) => void): Uint8Array {
  const copy = bytes.slice();
  const packet = copy.subarray(14);
  change(packet);
  packet[42] = packet[43] = 0;
  const message = packet.subarray(40);
  const sum = pseudoHeaderSum(packet.subarray(8, 40), 58, message.length) + sumBytes(message);
  new DataView(packet.buffer, packet.byteOffset).setUint16(42, checksumOf(sum));
  return copy;
}

const UDP = "udp 10.0.0.4:3000 > 10.1.0.8:53";
const UDP6 = "udp [2001:db8:1::4]:3000 > [2001:db8:2::8]:53";
const ASKER = { address: ip("10.1.0.1"), mac: macOf(GW.g0) };
const ASKER6 = { address: ip("2001:db8:2::1"), mac: macOf(GW.g0) };

// RFC 1812, 3.3.2: a router must not believe that a host is at a MAC address of a group.
for (const mac of ["ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "00:00:00:00:00:00"]) {
  test(`nobody is at ${mac}`, () => {
    const live = start();
    live.send("b0", frame(HOST, GW.b0, UDP), frame(HOST, GW.b0, UDP6));
    const said = buildAnswer(ip("10.1.0.8"), macOf(mac), ASKER);
    const said6 = buildAnswer(ip("2001:db8:2::8"), macOf(mac), ASKER6);
    for (const each of [said, said6]) each.set(macOf(SERVER), 6);
    assert.deepEqual(receivers(live.send("g0", said, said6)), []);
    assert.equal(live.gateway.counts().waiting, 2);
    // Nor is an answer sent there.
    const asked = buildQuestion(ip("10.1.0.1"), ip("10.1.0.8"), macOf(mac), undefined);
    asked.set(macOf(SERVER), 6);
    assert.deepEqual(live.send("g0", asked), []);
  });
}

// RFC 4861, 7.1.
const SOLICITATION = buildQuestion(
  ip("2001:db8:2::1"),
  ip("2001:db8:2::8"),
  macOf(SERVER),
  undefined,
);
const ADVERTISEMENT = buildAnswer(ip("2001:db8:2::8"), macOf(SERVER), ASKER6);
const invalid: readonly (readonly [string, Uint8Array])[] = [
  ["a hop limit of 254", changed(ADVERTISEMENT, (packet) => packet.fill(254, 7, 8))],
  ["a code", changed(ADVERTISEMENT, (packet) => packet.fill(1, 41, 42))],
  ["an option of length zero", changed(ADVERTISEMENT, (packet) => packet.fill(0, 65, 66))],
  [
    "an answer to everybody that claims to be asked for",
    changed(ADVERTISEMENT, (packet) => packet.set([0xff, 2, ...new Uint8Array(13), 1], 24)),
  ],
  ["a hop limit of 254", changed(SOLICITATION, (packet) => packet.fill(254, 7, 8))],
  ["a group asked for", changed(SOLICITATION, (packet) => packet.fill(255, 48, 49))],
  ["nobody who tells a MAC address", changed(SOLICITATION, (packet) => packet.fill(0, 8, 24))],
];
for (const [what, bytes] of invalid) {
  test(`neighbor discovery with ${what} says nothing`, () => {
    const live = start();
    live.send("b0", frame(HOST, GW.b0, UDP6));
    assert.deepEqual(live.send("g0", bytes), []);
    assert.equal(live.gateway.counts().waiting, 1);
  });
}
test("the same without those faults is heard", () => {
  for (const bytes of [SOLICITATION, ADVERTISEMENT]) {
    const live = start();
    live.send("b0", frame(HOST, GW.b0, UDP6));
    assert.deepEqual(receivers(live.send("g0", bytes)), [SERVER]);
  }
});
test("whoever has no address yet asks a group, and everybody is told", () => {
  const live = start();
  const probe = changed(SOLICITATION, (packet) => packet.fill(0, 8, 24)).slice(0, 14 + 64);
  const bytes = changed(probe, (packet) => packet.set([0, 24], 4));
  assert.deepEqual(receivers(live.send("g0", bytes), 58), ["33:33:00:00:00:01"]);
});

test("one who asks under ever new addresses leaves room for others", () => {
  const live = start();
  for (let i = 0; i < 20_000; i += 40) {
    const questions = Array.from({ length: 40 }, (_, k) => {
      const from = `2001:db8:1::${(1 + ((i + k) >> 8)).toString(16)}:${(i + k) & 255}`;
      return buildQuestion(ip("2001:db8:1::1"), ip(from), macOf(HOST), undefined);
    });
    live.now += 20;
    assert.equal(live.send("b0", ...questions).length, 40);
  }
  live.send("b0", frame(HOST, GW.b0, UDP));
  const sent = live.send("g0", buildAnswer(ip("10.1.0.8"), macOf(SERVER), ASKER));
  assert.deepEqual(receivers(sent), [SERVER]);
});

test("a VPC whose hosts say too much keeps the others from nothing", () => {
  const live = start();
  const question = buildQuestion(ip("10.0.0.1"), ip("10.0.0.4"), macOf(HOST), undefined);
  let answered = 0;
  for (let i = 0; i < 300; i++) {
    answered += live.send("b0", ...Array.from({ length: 40 }, () => question)).length;
  }
  assert.ok(answered < 12_000, `${answered}`);
  const other = buildQuestion(ip("10.1.0.1"), ip("10.1.0.8"), macOf(SERVER), undefined);
  assert.equal(live.send("g0", other).length, 1);
});

test("what the gateway said and comes back is nobody else's claim", () => {
  const live = start();
  const own = buildAnswer(ip("10.0.0.1"), macOf(GW.b0), undefined);
  assert.deepEqual(live.send("b0", own), []);
  assert.deepEqual(live.notices, []);
});

test("an address that is claimed again and again is defended once in ten seconds", () => {
  const live = start();
  const claim = buildAnswer(ip("10.0.0.1"), macOf(HOST), undefined);
  for (let i = 0; i < 20; i++) {
    live.now += 1000;
    live.send("b0", claim);
  }
  assert.equal(live.notices.length, 2);
});
