// Packets tried out on a gateway with links, and with limits that count: nobody is asked for, nothing
// leaves, nothing gives way.

import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../src/base/random.ts";
import { formatExplanation } from "../../src/cli/explain/format.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { explainLive } from "../../src/insight/explain/explain.ts";
import { type NextPacket, readNext } from "../../src/insight/explain/next-packet.ts";
import { finish } from "../../src/insight/work.ts";
import { buildAnswer } from "../../src/links/frames.ts";
import type { PoolOptions } from "../../src/packet/packet-pool.ts";
import { HELD_EACH } from "../../src/tables/held-packets.ts";
import { parseIpAddress } from "../../src/wire/ip-address.ts";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { ethernetFrame } from "../support/frames.ts";
import { configOf, gatewayOf, rawInterface } from "../support/gateway.ts";
import { LiveGateway, macOf } from "../support/live-gateway.ts";

const PEERING = `
vpcs: { blue: { vni: 101 }, green: { vni: 102 } }
peerings:
  p:
    peering:
      blue:
        expose:
          - { ips: [{ cidr: 10.0.0.0/24 }], as: [{ cidr: 192.0.2.0/24 }], nat: { static: {} } }
      green:
        expose:
          - { ips: [{ cidr: 10.0.0.0/16 }], as: [{ cidr: 198.51.0.0/16 }], nat: { static: {} } }
isthmus:
  attachments:
    - { vpc: blue, interface: b0, address: 10.0.0.1/24 }
    - { vpc: green, interface: g0, address: 10.0.0.1/24 }
`;
const PORTS = [
  { name: "b0", mac: "02:00:00:00:00:b0", vpc: "blue" },
  { name: "g0", mac: "02:00:00:00:00:90", vpc: "green" },
];

const DNS = "udp 10.0.0.4:9 > 198.51.0.8:53";

function start(text = PEERING, pool: PoolOptions = {}): LiveGateway {
  const live = new LiveGateway(text, PORTS, pool);
  for (let i = 0; i < 20; i++) live.wait(1000);
  return live;
}

function explain(live: LiveGateway, text: string) {
  return explainAll(live, `blue: ${text}`)[0]!;
}

function explainAll(live: LiveGateway, ...texts: readonly string[]) {
  return finish(explainLive(live.gateway, live.now, texts.map(readNext) as NextPacket[]));
}

test("whom nobody knows is not asked for, and nothing is held", () => {
  const live = start();
  const before = live.gateway.counts();
  const said = explain(live, DNS);
  assert.equal(said.verdict, "held");
  assert.deepEqual(said.sent, ["udp 192.0.2.4:9 > 10.0.0.8:53"]);
  assert.deepEqual(live.run(), [], "no question goes out");
  assert.deepEqual(live.gateway.counts(), before);
});

function send(live: LiveGateway, text: string) {
  const frame = ethernetFrame(buildPacket(parsePacket(text)));
  frame.set(macOf("02:00:00:00:00:b0"));
  return live.send("b0", frame);
}

/** The host that packets to 198.51.0.8 go to says where it is. */
function answer(live: LiveGateway) {
  const asker = { address: parseIpAddress("10.0.0.1")!, mac: macOf("02:00:00:00:00:90") };
  const [host, mac] = [parseIpAddress("10.0.0.8")!, macOf("02:00:00:00:00:08")];
  return live.send("g0", buildAnswer(host, mac, asker));
}

test("whoever really sends there is the first one, and has it asked for", () => {
  const live = start();
  explain(live, DNS);
  assert.equal(send(live, DNS).length, 1, "one question");
  assert.equal(answer(live).length, 1, "one packet");
  assert.equal(explain(live, DNS).verdict, "sent");
});

test("packets one after the other are held, and known nowhere afterwards", () => {
  const live = start();
  const before = live.gateway.counts();
  const said = explainAll(live, `blue: ${DNS}`, `blue: ${DNS} len=60`, "reply", "reply");
  assert.deepEqual(
    said.map(({ verdict, to }) => `${verdict} ${to}`),
    ["held green", "held green", "held blue", "held green"],
  );
  assert.deepEqual(live.run(), []);
  assert.deepEqual(live.gateway.counts(), before);
  assert.equal(live.gateway.pool.free, 128);
  assert.equal(send(live, DNS).length, 1, "one question");
  assert.equal(answer(live).length, 1, "one packet");
});

test("those that wait for a neighbor do not give way to one that is tried out", () => {
  const live = start();
  for (let i = 0; i < HELD_EACH; i++) send(live, DNS);
  const before = live.gateway.counts();
  for (let i = 0; i < 3; i++) {
    assert.equal(explain(live, DNS).verdict, "held");
    assert.deepEqual(live.run(), []);
    assert.deepEqual(live.gateway.counts(), before);
  }
  assert.equal(answer(live).length, HELD_EACH);
});

test("a packet cut into more pieces than anybody counts in a byte is taken back whole", () => {
  const live = start(`${PEERING}  vpcs: { green: { mtu: 100 } }\n`, {
    slots: 512,
    slotBytes: 65_728,
  });
  const before = live.gateway.counts();
  const { verdict, sent } = explain(live, `${DNS} len=24000`);
  assert.deepEqual([verdict, sent.length], ["held", 300]);
  assert.deepEqual(live.run(), []);
  assert.deepEqual(live.gateway.counts(), before);
  assert.equal(live.gateway.pool.free, 512);
});

test("a neighbor that nothing is really sent to is not asked whether it is still there", () => {
  const live = start();
  send(live, DNS);
  answer(live);
  // Once more for the packet that was sent.
  const asked = Array.from({ length: 31 }, () => live.wait(1000).length);
  assert.ok(asked.some((count) => count > 0));
  answer(live);
  for (let i = 0; i < 100; i++) {
    explain(live, DNS);
    assert.deepEqual(live.wait(1000), []);
  }
});

test("without a way on it is said so", () => {
  const { drop } = explain(start(), "udp 10.0.0.4:9 > 198.51.9.8:53");
  assert.equal(drop?.reason, "no-route");
});

test("the gateway's own address is known", () => {
  const live = start();
  assert.equal(explain(live, "udp 10.0.0.4:9 > 10.0.0.1:53").verdict, "for-the-gateway");
  const ping = explain(live, "icmp 10.0.0.4 > 10.0.0.1 echo-request id=1");
  assert.equal(ping.verdict, "consumed");
  assert.match(formatExplanation(ping, false), /^consumed: it is for the gateway itself$/m);
  assert.deepEqual(live.run(), [], "nobody is answered");
});

test("an answer is told however many there were, and does not count among them", () => {
  const live = start();
  const looping = "udp 10.0.0.4:9 > 198.51.0.8:53 ttl=1";
  const quoted = "{ udp 10.0.0.4:9 > 198.51.0.8:53 }";
  for (let i = 0; i < 300; i++) {
    assert.deepEqual(explain(live, looping).answers, [
      { to: "blue", packet: `icmp 10.0.0.1 > 10.0.0.4 time-exceeded ${quoted}` },
    ]);
  }
  send(live, looping);
  assert.equal(live.gateway.counts().answered, 1);
});

test("a fragment and what fits no slot are refused in words", () => {
  const live = start();
  const fragment = "udp 10.0.0.4:9 > 198.51.0.8:53 mf len=44";
  assert.throws(() => explain(live, fragment), /a fragment cannot be tried out/);
  const long = "udp 10.0.0.4:9 > 198.51.0.8:53 len=9000";
  assert.throws(() => explain(live, long), /longer than a packet slot/);
  assert.throws(() => explainAll(live, `red: ${DNS}`), /there is no VPC "red"/);
  const empty = { from: "blue", packet: { frame: new Uint8Array(20), given: "" } };
  assert.equal(finish(explainLive(live.gateway, live.now, [empty]))[0]?.verdict, "ipv4-bad-header");
  assert.equal(live.gateway.pool.free, 128);
});

/** One flow for each host, and what `vpcs` says. */
function limited(vpcs: object): object {
  const masquerade = { flowsPerHost: 1, allocation: "sequential" };
  const hidden = {
    ips: [{ cidr: "10.0.0.0/24" }],
    as: [{ cidr: "192.0.2.1/32" }],
    nat: { masquerade },
  };
  const open = { ips: [{ cidr: "10.2.0.0/24" }] };
  return {
    vpcs: { blue: { vni: 101 }, green: { vni: 102 } },
    peerings: { p: { peering: { blue: { expose: [hidden] }, green: { expose: [open] } } } },
    isthmus: { timers: { preset: "reference" }, vpcs },
  };
}

function sendFrom(gateway: Gateway, iface: number, text: string) {
  gateway.receive(iface, buildPacket(parsePacket(text)));
  gateway.run(0);
  const { verdict } = gateway.outcome(0);
  gateway.clear();
  return verdict;
}

function tryFromBlue(gateway: Gateway, texts: readonly string[]) {
  return gateway.tryOut(0, (send) =>
    texts.map((text) => {
      const packet = buildPacket(parsePacket(text));
      return send("blue", packet, ({ outcomes: [outcome] }) => outcome!.verdict);
    }),
  );
}

test("a flow that the packet would end counts for its host and its VPC as before", () => {
  const gateway = gatewayOf(limited({ blue: { flows: 1 } }));
  const blue = rawInterface(gateway, "blue");
  const send = (text: string) => sendFrom(gateway, blue, text);
  const tried = (text: string) => tryFromBlue(gateway, [text])[0];
  assert.equal(send("tcp 10.0.0.4:1 > 10.2.0.8:80 syn"), "sent");
  const [before, held] = [gateway.flows(), gateway.tracked()];
  assert.equal(tried("tcp 10.0.0.4:1 > 10.2.0.8:80 rst"), "sent");
  assert.deepEqual([gateway.flows(), gateway.tracked()], [before, held]);
  assert.equal(send("tcp 10.0.0.4:2 > 10.2.0.8:80 syn"), "vpc-flow-limit");
  gateway.apply(configOf(limited({})));
  assert.equal(tried("tcp 10.0.0.4:1 > 10.2.0.8:80 rst"), "sent");
  assert.equal(send("tcp 10.0.0.4:2 > 10.2.0.8:80 syn"), "host-flow-limit");
  assert.equal(send("tcp 10.0.0.4:1 > 10.2.0.8:80 rst"), "sent");
  assert.equal(send("tcp 10.0.0.4:2 > 10.2.0.8:80 syn"), "sent");
});

const [FIRST, SECOND, THIRD] = [1, 2, 3].map((port) => `tcp 10.0.0.4:${port} > 10.2.0.8:80`);

test("what one packet ends has made room for the next, and is there again afterwards", () => {
  const limits = [limited({ blue: { flows: 1 } }), limited({})];
  for (const [index, reason] of ["vpc-flow-limit", "host-flow-limit"].entries()) {
    const gateway = gatewayOf(limits[index]!);
    const blue = rawInterface(gateway, "blue");
    assert.equal(sendFrom(gateway, blue, `${FIRST} syn`), "sent");
    const before = [gateway.flows(), gateway.tracked(), gateway.counts()];
    const texts = [`${SECOND} syn`, `${FIRST} rst`, `${SECOND} syn`, `${SECOND} rst`];
    const said = tryFromBlue(gateway, [...texts, `${THIRD} syn`, `${FIRST} syn`]);
    assert.deepEqual(said, [reason, "sent", "sent", "sent", "sent", reason]);
    assert.deepEqual([gateway.flows(), gateway.tracked(), gateway.counts()], before);
    assert.equal(sendFrom(gateway, blue, `${SECOND} syn`), reason);
    assert.equal(sendFrom(gateway, blue, `${FIRST} rst`), "sent");
    assert.equal(sendFrom(gateway, blue, `${SECOND} syn`), "sent");
  }
});

test("the only entry of the table is one flow's after the other, and the first one's again", () => {
  const gateway = new Gateway({ slots: 64, flowCapacity: 1 }, { random: seededRandom(1) });
  gateway.apply(configOf(limited({})));
  const blue = rawInterface(gateway, "blue");
  assert.equal(sendFrom(gateway, blue, `${FIRST} syn`), "sent");
  const before = [gateway.flows(), gateway.tracked()];
  const texts = [`${SECOND} syn`, `${FIRST} rst`, `${SECOND} syn`, `${SECOND} rst`];
  const said = tryFromBlue(gateway, [...texts, `${THIRD} syn`, `${FIRST} ack`]);
  const [full, gone] = ["flow-table-full", "tcp-without-flow"];
  assert.deepEqual(said, [full, "sent", "sent", "sent", "sent", gone]);
  assert.deepEqual([gateway.flows(), gateway.tracked()], before);
  assert.equal(sendFrom(gateway, blue, `${FIRST} ack`), "sent");
  assert.equal(sendFrom(gateway, blue, `${SECOND} syn`), "flow-table-full");
});
