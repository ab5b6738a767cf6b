// Two VPCs with the same addresses, each on an interface: neighbors are asked for, packets wait for
// them, questions are answered.

import assert from "node:assert/strict";
import { test } from "node:test";
import { finish } from "../../src/insight/work.ts";
import { buildAnswer, buildQuestion } from "../../src/links/frames.ts";
import type { DataPath } from "../../src/live/data-path.ts";
import { neighbors } from "../../src/live/questions/neighbors.ts";
import { LiveGateway, macOf } from "../support/live-gateway.ts";
import {
  CONFIG,
  frame,
  GW,
  HOST,
  ip,
  PORTS,
  SERVER,
  start,
  TRANSLATED,
  tell,
  UDP,
} from "./blue-and-green.ts";

test("a packet waits for its neighbor, and goes when that has answered", () => {
  const live = start();
  const asked = live.send("b0", frame(HOST, GW.b0, UDP));
  assert.deepEqual(asked.map(tell), ["g0 ff:ff:ff:ff:ff:ff arp who has 10.0.0.8, tell 10.0.0.1"]);
  assert.equal(live.gateway.counts().waiting, 1);
  const asker = { address: ip("10.0.0.1"), mac: macOf(GW.g0) };
  const sent = live.send("g0", buildAnswer(ip("10.0.0.8"), macOf(SERVER), asker));
  assert.match(tell(sent[0]!), new RegExp(TRANSLATED));
  assert.match(tell(live.send("b0", frame(HOST, GW.b0, UDP))[0]!), new RegExp(TRANSLATED));
  const { waiting, received, sent: count, consumed } = live.gateway.counts();
  assert.deepEqual(
    { waiting, received, count, consumed },
    { waiting: 0, received: 3, count: 2, consumed: 1 },
  );
});

test("the same by neighbor discovery", () => {
  const live = start();
  const packet = "udp [2001:db8:1::4]:3000 > [2001:db8:b::8]:53";
  const [asked] = live.send("b0", frame(HOST, GW.b0, packet));
  const question = `g0 33:33:ff:00:00:08 neighbor-solicitation for 2001:db8:1::8, ${GW.g0}`;
  assert.equal(tell(asked!), question);
  const asker = { address: ip("2001:db8:1::1"), mac: macOf(GW.g0) };
  const [sent] = live.send("g0", buildAnswer(ip("2001:db8:1::8"), macOf(SERVER), asker));
  assert.match(tell(sent!), /udp \[2001:db8:a::4\]:3000 > \[2001:db8:1::8\]:53/);
});

test("who does not answer is asked three times, and the packet is dropped with that reason", () => {
  const live = start();
  live.send("b0", buildQuestion(ip("10.0.0.1"), ip("10.0.0.4"), macOf(HOST), undefined));
  live.send("b0", frame(HOST, GW.b0, UDP));
  const asked = [live.wait(1000), live.wait(1000), live.wait(1000), live.wait(1000)];
  assert.deepEqual(
    asked.map((frames) => frames.length),
    [1, 1, 0, 1],
  );
  const { dropped, waiting } = live.gateway.counts();
  assert.deepEqual([dropped.get("neighbor-unresolved"), waiting], [1, 0]);
});

test("the sender is told that there is no such host, by the gateway's address over there", () => {
  const live = start();
  live.send("b0", frame(HOST, GW.b0, UDP));
  const v6 = "udp [2001:db8:1::4]:3000 > [2001:db8:b::8]:53";
  live.send("b0", frame(HOST, GW.b0, v6));
  for (const host of ["10.0.0.4", "2001:db8:1::4"]) {
    const own = host.replace(/4$/, "1");
    live.send("b0", buildQuestion(ip(own), ip(host), macOf(HOST), undefined));
  }
  const said: string[] = [];
  for (let i = 0; i < 6; i++) {
    said.push(...live.wait(1000).map(tell));
    // What is to be said is due at once.
    if (live.gateway.links!.due() <= live.now) said.push(...live.wait(0).map(tell));
    else live.run();
  }
  const errors = said.filter((line) => line.includes("host-unreachable"));
  assert.match(
    errors[0]!,
    new RegExp(`b0 ${HOST} icmp 198.51.0.1 > 10.0.0.4 host-unreachable { ${UDP}`),
  );
  assert.match(errors[1]!, /icmp 2001:db8:b::1 > 2001:db8:1::4 host-unreachable/);
  assert.equal(errors.length, 2);
});

test("sixteen packets wait for a neighbor, and then the oldest gives way", () => {
  const live = start();
  for (let i = 0; i < 20; i++) {
    live.send("b0", frame(HOST, GW.b0, `udp 10.0.0.4:${3000 + i} > 198.51.0.8:53`));
  }
  assert.equal(live.gateway.counts().waiting, 16);
  const asker = { address: ip("10.0.0.1"), mac: macOf(GW.g0) };
  const sent = live.send("g0", buildAnswer(ip("10.0.0.8"), macOf(SERVER), asker));
  assert.equal(sent.length, 16);
  assert.match(tell(sent[0]!), /:3004 >/);
  assert.equal(live.gateway.counts().dropped.get("neighbor-unresolved"), 4);
});

test("a route leads to its router, whose address is asked for at once", () => {
  const live = new LiveGateway(CONFIG, PORTS);
  const said = live.run().map(tell);
  assert.ok(said.includes("g0 ff:ff:ff:ff:ff:ff arp who has 10.0.0.9, tell 10.0.0.1"));
  const asker = { address: ip("10.0.0.1"), mac: macOf(GW.g0) };
  live.send("g0", buildAnswer(ip("10.0.0.9"), macOf(SERVER), asker));
  const [sent] = live.send("b0", frame(HOST, GW.b0, "udp 10.0.0.4:3000 > 198.51.9.77:53"));
  assert.match(tell(sent!), new RegExp(`g0 ${SERVER} udp .* > 10.0.9.77:53`));
});

test("no route, no host's address", () => {
  const live = start();
  for (const to of ["198.51.1.1", "198.51.0.255", "198.51.0.0", "198.51.0.1"]) {
    live.send("b0", frame(HOST, GW.b0, `udp 10.0.0.4:3000 > ${to}:53`));
  }
  assert.equal(live.gateway.counts().dropped.get("no-route"), 4);
});

test("at start it tells its addresses, three times", () => {
  const live = new LiveGateway(CONFIG, PORTS);
  const all = [live.run(), live.wait(1000), live.wait(1000), live.wait(1000)];
  const own = all.map((frames) =>
    frames.map(tell).filter((each) => /^b0.*who has 10.0.0.1,/.test(each)),
  );
  assert.deepEqual(
    own.map(({ length }) => length),
    [1, 1, 1, 0],
  );
  assert.ok(
    all[0]!
      .map(tell)
      .includes(`b0 33:33:00:00:00:01 neighbor-advertisement for 2001:db8:1::1, ${GW.b0}`),
  );
});

test("it answers for its own addresses, not for others", () => {
  const live = start();
  const ask = (target: string, from: string) =>
    live.send("b0", buildQuestion(ip(target), ip(from), macOf(HOST), undefined)).map(tell);
  assert.deepEqual(ask("10.0.0.1", "10.0.0.4"), [`b0 ${HOST} arp 10.0.0.1 is at ${GW.b0}`]);
  assert.deepEqual(ask("2001:db8:1::1", "2001:db8:1::4"), [
    `b0 ${HOST} neighbor-advertisement for 2001:db8:1::1, ${GW.b0}`,
  ]);
  assert.deepEqual(ask("10.0.0.7", "10.0.0.4"), []);
  assert.deepEqual(ask("198.51.0.8", "10.0.0.4"), []);
});

test("it answers for public addresses that hosts take for neighbors", () => {
  const part = CONFIG.replace("198.51.0.0/16", "10.0.0.96/28");
  const text = part.replace("10.0.0.0/16 }], as", "10.7.0.0/28 }], as");
  const live = new LiveGateway(
    text
      .replace("g0, address: 10.0.0.1/24", "g0, address: 10.7.0.1/24")
      .replace("10.0.9.0/24, via: 10.0.0.9", "10.7.9.0/24, via: 10.7.0.9"),
    PORTS,
  );
  for (let i = 0; i < 5; i++) live.wait(1000);
  const said = live.send(
    "b0",
    buildQuestion(ip("10.0.0.99"), ip("10.0.0.4"), macOf(HOST), undefined),
  );
  assert.deepEqual(said.map(tell), [`b0 ${HOST} arp 10.0.0.99 is at ${GW.b0}`]);
});

for (const prefix of ["10.0.0.0/16", "10.0.0.0/24"]) {
  test(`a peer that has all of a network in ${prefix} takes no host's place`, () => {
    const text = CONFIG.replace("198.51.0.0/16", prefix).replace(
      "10.0.0.0/16 }], as",
      `${prefix} }], as`,
    );
    const live = new LiveGateway(text, PORTS);
    for (let i = 0; i < 5; i++) live.wait(1000);
    const question = buildQuestion(ip("10.0.0.7"), ip("10.0.0.4"), macOf(HOST), undefined);
    assert.deepEqual(live.send("b0", question), []);
  });
}

test("it answers for an address of its VPC that is on no segment by itself", () => {
  const live = new LiveGateway(`${CONFIG}  vpcs: { blue: { addresses: [10.0.0.254] } }\n`, PORTS);
  for (let i = 0; i < 5; i++) live.wait(1000);
  const question = buildQuestion(ip("10.0.0.254"), ip("10.0.0.4"), macOf(HOST), undefined);
  const [answer] = live.send("b0", question);
  assert.equal(tell(answer!), `b0 ${HOST} arp 10.0.0.254 is at ${GW.b0}`);
  const ping = "icmp 10.0.0.4 > 10.0.0.254 echo-request id=7 seq=1";
  const [pong] = live.send("b0", frame(HOST, GW.b0, ping));
  assert.match(tell(pong!), /icmp 10.0.0.254 > 10.0.0.4 echo-reply/);
});

test("ping to its own addresses is answered, everything else there refused", () => {
  const live = start();
  const ping = live.send(
    "b0",
    frame(HOST, GW.b0, "icmp 10.0.0.4 > 10.0.0.1 echo-request id=7 seq=1"),
  );
  assert.match(
    tell(ping[0]!),
    new RegExp(`b0 ${HOST} icmp 10.0.0.1 > 10.0.0.4 echo-reply id=7 seq=1`),
  );
  const v6 = live.send(
    "b0",
    frame(HOST, GW.b0, "icmp 2001:db8:1::4 > 2001:db8:1::1 echo-request id=7 seq=1"),
  );
  assert.match(tell(v6[0]!), /icmp 2001:db8:1::1 > 2001:db8:1::4 echo-reply/);
  for (const [own, host] of [
    ["10.0.0.1", "10.0.0.4"],
    ["2001:db8:1::1", "2001:db8:1::4"],
  ] as const) {
    live.send("b0", buildQuestion(ip(own), ip(host), macOf(HOST), undefined));
  }
  const refused = (text: string) => live.send("b0", frame(HOST, GW.b0, text)).map(tell);
  const [udp] = refused("udp 10.0.0.4:5 > 10.0.0.1:53");
  const said = "port-unreachable { udp 10.0.0.4:5 > 10.0.0.1:53 }";
  assert.match(udp!, new RegExp(`b0 ${HOST} icmp 10.0.0.1 > 10.0.0.4 ${said}`));
  const [tcp] = refused("tcp [2001:db8:1::4]:5 > [2001:db8:1::1]:53 syn");
  assert.match(tcp!, /icmp 2001:db8:1::1 > 2001:db8:1::4 port-unreachable \{ tcp/);
  assert.deepEqual(refused("proto-47 10.0.0.4 > 10.0.0.1"), []);
  assert.equal(live.gateway.counts().dropped.get("for-the-gateway"), 3);
});

const SHARED = (nat: string) => `
vpcs: { blue: { vni: 101 }, green: { vni: 102 } }
peerings:
  p:
    peering:
      blue: { expose: [{ ips: [{ cidr: 10.1.0.4/32 }], as: [{ cidr: 10.0.0.1/32 }], nat: ${nat} }] }
      green: { expose: [{ ips: [{ cidr: 10.0.0.0/24 }] }] }
isthmus:
  attachments:
    - { vpc: blue, interface: b0, address: 10.1.0.1/24 }
    - { vpc: green, interface: g0, address: 10.0.0.1/24 }
`;

for (const [nat, who, dropped] of [
  ["{ masquerade: {} }", "gateway", "no-flow"],
  ["{ portForward: { ports: [{ port: '80', as: '8080' }] } }", "gateway", "port-not-exposed"],
  ["{ static: {} }", "host", undefined],
] as const) {
  test(`the gateway's address as the public one of ${nat}: the ${who} is pinged`, () => {
    const live = new LiveGateway(SHARED(nat), PORTS);
    live.wait(0);
    live.send("g0", buildQuestion(ip("10.0.0.1"), ip("10.0.0.8"), macOf(SERVER), undefined));
    const sent = (packet: string) => live.send("g0", frame(SERVER, GW.g0, packet)).map(tell);
    const [first] = sent("icmp 10.0.0.8 > 10.0.0.1 echo-request id=7 seq=1");
    assert.match(first!, who === "gateway" ? /g0 .* echo-reply/ : /b0 .* who has 10.1.0.4/);
    assert.deepEqual(sent("udp 10.0.0.8:5 > 10.0.0.1:9"), []);
    if (dropped) assert.equal(live.gateway.counts().dropped.get(dropped), 1);
  });
}

test("frames for other MAC addresses, VLANs and groups are not for it", () => {
  const live = start();
  live.send("b0", frame(HOST, SERVER, UDP), frame(HOST, "ff:ff:ff:ff:ff:ff", UDP));
  const tagged = frame(HOST, GW.b0, UDP);
  new DataView(tagged.buffer).setUint16(12, 0x8100);
  live.send("b0", tagged);
  assert.equal(live.gateway.counts().dropped.get("not-for-us"), 3);
});

test("a neighbor that moves is followed, by its own word and by asking", () => {
  const live = start();
  const asker = { address: ip("10.0.0.1"), mac: macOf(GW.g0) };
  live.send("b0", frame(HOST, GW.b0, UDP));
  live.send("g0", buildAnswer(ip("10.0.0.8"), macOf(SERVER), asker));
  const other = "02:00:00:00:00:99";
  live.send("g0", buildAnswer(ip("10.0.0.8"), macOf(other), undefined));
  assert.match(tell(live.send("b0", frame(HOST, GW.b0, UDP))[0]!), new RegExp(`g0 ${other} udp`));
  // Silent: after half a minute it is asked at its place, three times, then everybody is.
  const said: string[] = [];
  for (let i = 0; i < 36; i++) {
    live.now += 1000;
    said.push(
      ...live
        .send("b0", frame(HOST, GW.b0, UDP))
        .map(tell)
        .filter((each) => /who has 10.0.0.8/.test(each)),
    );
  }
  assert.deepEqual(
    said.slice(0, 4).map((each) => each.split(" ")[1]),
    [other, other, other, "ff:ff:ff:ff:ff:ff"],
  );
});

test("an interface that goes down and comes back", () => {
  const live = start();
  const asker = { address: ip("10.0.0.1"), mac: macOf(GW.g0) };
  live.send("b0", frame(HOST, GW.b0, UDP));
  live.send("g0", buildAnswer(ip("10.0.0.8"), macOf(SERVER), asker));
  live.down("g0");
  assert.deepEqual(live.send("b0", frame(HOST, GW.b0, UDP)), []);
  live.up("g0");
  const said = live.wait(1000).map(tell);
  assert.ok(
    said.some((each) => /g0 ff.*who has 10.0.0.1, tell 10.0.0.1/.test(each)),
    String(said),
  );
  // Who was there is asked for again.
  assert.deepEqual(live.send("b0", frame(HOST, GW.b0, UDP)), []);
  assert.ok(said.includes("g0 ff:ff:ff:ff:ff:ff arp who has 10.0.0.8, tell 10.0.0.1"));
  const sent = live.send("g0", buildAnswer(ip("10.0.0.8"), macOf(SERVER), asker));
  assert.match(tell(live.send("b0", frame(HOST, GW.b0, UDP))[0]!), /udp/, String(sent.map(tell)));
});

test("a new configuration keeps what neighbors there are, and what waits for one", () => {
  const live = start();
  const asker = { address: ip("10.0.0.1"), mac: macOf(GW.g0) };
  live.send("b0", frame(HOST, GW.b0, UDP));
  live.apply(CONFIG.replace("vpcs: {", "vpcs: { aqua: { vni: 7 },"));
  const sent = live.send("g0", buildAnswer(ip("10.0.0.8"), macOf(SERVER), asker)).map(tell);
  assert.ok(
    sent.some((each) => each.startsWith(TRANSLATED)),
    String(sent),
  );
  live.apply(CONFIG);
  assert.match(
    tell(live.send("b0", frame(HOST, GW.b0, UDP)).find(({ port }) => port === "g0")!),
    /udp/,
  );
});

test("two machines with the gateway's address: it says so, and claims it again", () => {
  const live = start();
  const said = live.send("b0", buildAnswer(ip("10.0.0.1"), macOf(SERVER), undefined));
  assert.equal(live.notices.length, 1);
  assert.match(live.notices[0]!, /10.0.0.1 of blue is also claimed by 02:00:00:00:00:08/);
  assert.match(tell(said[0]!), /who has 10.0.0.1, tell 10.0.0.1/);
});

test("neighbors are told: who is known, who has been asked for, who a route leads through", () => {
  const live = start();
  live.send("b0", frame(HOST, GW.b0, UDP));
  const tellAll = () =>
    finish(neighbors({ gateway: live.gateway } as DataPath, { first: 0, most: 9 })).items.map(
      ({ vpc, interface: name, address, mac, vtep, state, route }) =>
        [vpc, name, address, mac ?? vtep, state, route].join(" "),
    );
  const router = "green g0 10.0.0.9  unknown true";
  assert.deepEqual(tellAll(), [router, "green g0 10.0.0.8  asked false"]);
  const asker = { address: ip("10.0.0.1"), mac: macOf(GW.g0) };
  live.send("g0", buildAnswer(ip("10.0.0.8"), macOf(SERVER), asker));
  assert.deepEqual(tellAll(), [router, `green g0 10.0.0.8 ${SERVER} known false`]);
});
