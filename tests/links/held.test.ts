// Packets that wait for a neighbor: all of them leave or are counted, those of the gateway's own
// apart.

import assert from "node:assert/strict";
import { test } from "node:test";
import { buildAnswer, buildQuestion } from "../../src/links/frames.ts";
import { wrap } from "../../src/links/outer.ts";
import { LiveGateway, macOf } from "../support/live-gateway.ts";
import { frame, ip } from "./blue-and-green.ts";

const CONFIG = `
vpcs: { blue: { vni: 101 }, wide: { vni: 102 } }
peerings:
  p:
    peering:
      blue: { expose: [{ ips: [{ cidr: 10.0.0.0/24 }] }] }
      wide: { expose: [{ ips: [{ cidr: 10.1.0.0/24 }] }] }
isthmus:
  vpcs: { blue: { mtu: 9000 }, wide: { mtu: 576 } }
  underlay: { interface: u0, vtep: 172.30.8.1 }
  attachments:
    - { vpc: blue, interface: b0, address: 10.0.0.1/24 }
    - { vpc: wide, vteps: [172.30.8.3], address: 10.1.0.1/24 }
`;
const GW = "02:00:00:00:00:b0";
const HOST = "02:00:00:00:00:04";
const OURS = "02:49:ac:1e:08:01";
const HOP = { sourceMac: macOf("02:00:00:00:00:01"), destinationMac: macOf("02:00:00:00:00:ff") };

function start(): LiveGateway {
  const live = new LiveGateway(CONFIG, [
    { name: "b0", mac: GW, vpc: "blue" },
    { name: "u0", mac: "02:00:00:00:00:01" },
  ]);
  live.gateway.links!.setOuterHop(ip("172.30.8.3"), HOP, live.now);
  for (let i = 0; i < 5; i++) live.wait(1000);
  return live;
}

function packet(notation: string): Uint8Array {
  return frame(HOST, GW, notation);
}

/** The host in the VNI shows itself. */
function answerOf(address: string): Uint8Array {
  const asker = { address: ip("10.1.0.1"), mac: macOf(OURS) };
  const answer = buildAnswer(ip(address), macOf("02:00:00:00:00:08"), asker);
  return wrap(answer, 102, 0xac1e0803 | 0, 0xac1e0801 | 0, HOP);
}

/** What was received is somewhere. */
function assertBalance(live: LiveGateway): void {
  const { received, sent, dropped, consumed, waiting } = live.gateway.counts();
  const lost = [...dropped.values()].reduce((sum, each) => sum + each, 0);
  assert.ok(waiting >= 0, `${waiting} wait`);
  assert.equal(sent + lost + consumed + waiting, received);
}

test("more packets than there are free rows wait for a way: all leave, the rest a little later", () => {
  const live = start();
  const hosts = Array.from({ length: 20 }, (_, i) => `10.1.0.${10 + i}`);
  for (const host of hosts) live.send("b0", packet(`udp 10.0.0.4:3000 > ${host}:53`));
  for (const host of hosts) live.send("u0", answerOf(host));
  live.down("u0");
  for (const host of hosts) {
    for (let i = 0; i < 15; i++) live.send("b0", packet(`udp 10.0.0.4:${4000 + i} > ${host}:53`));
  }
  assert.equal(live.gateway.counts().waiting, 300);
  live.up("u0");
  const { links } = live.gateway;
  for (let i = 0; i < 10 && links!.due() <= live.now; i++) live.run();
  assert.equal(live.gateway.counts().waiting, 0);
  assertBalance(live);
});

test("fragments that the gateway made push each other out, and are not counted", () => {
  const live = start();
  const long = packet("udp 10.0.0.4:3000 > 10.1.0.8:53 len=1400");
  live.send("b0", ...Array.from({ length: 12 }, () => long));
  assertBalance(live);
  for (let i = 0; i < 5; i++) live.wait(1000);
  assertBalance(live);
  assert.equal(live.gateway.counts().waiting, 0);
});

test("so do ICMP errors of the gateway's own", () => {
  const live = start();
  const all = Array.from({ length: 30 }, (_, i) =>
    packet(`udp 10.0.0.77:${3000 + i} > 10.1.0.8:53 ttl=1`),
  );
  live.send("b0", ...all);
  assertBalance(live);
  assert.equal(live.gateway.counts().waiting, 0);
  const question = buildQuestion(ip("10.0.0.1"), ip("10.0.0.77"), macOf(HOST), undefined);
  assert.equal(live.send("b0", question).length, 17);
  assertBalance(live);
});
