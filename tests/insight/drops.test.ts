// What the drop ledger says by name: who, where, why, and by which line of the configuration.

import assert from "node:assert/strict";
import { test } from "node:test";
import { drops } from "../../src/insight/drops/report.ts";
import { listSamples, samples } from "../../src/insight/drops/samples.ts";
import { finish } from "../../src/insight/work.ts";
import { fromHex } from "../../src/wire/hex.ts";
import { buildPacket, describePacket, parsePacket } from "../../src/wire/notation.ts";
import { ethernetFrame, vxlanFrame } from "../support/frames.ts";
import { configOf, ethernetInterface, gatewayOf, rawInterface } from "../support/gateway.ts";

const CONFIG = `
vpcs: { blue: { vni: 100 }, green: { vni: 200 }, red: { vni: 300 } }
peerings:
  p:
    peering:
      blue: { expose: [{ ips: [{ cidr: 10.0.0.0/24 }], as: [{ cidr: 192.0.2.0/24 }], nat: { static: {} } }] }
      green: { expose: [{ ips: [{ cidr: 10.0.0.0/24 }], as: [{ cidr: 198.51.100.0/24 }], nat: { static: {} } }] }
    acl:
      rules:
        - { name: no-telnet, from: blue, action: deny, match: { proto: tcp, dst: [{ ports: ["23"] }] } }
  q:
    peering:
      red: { expose: [{ ips: [{ cidr: 10.3.0.0/24 }] }] }
      green: { expose: [{ ips: [{ cidr: 10.0.0.0/24 }], as: [{ cidr: 203.0.113.0/24 }], nat: { masquerade: {} } }] }
`;
/** VPCs in another order, one gone, one new. */
const LATER = `
vpcs: { red: { vni: 300 }, new: { vni: 400 }, blue: { vni: 100 } }
peerings:
  p:
    peering:
      new: { expose: [{ ips: [{ cidr: 10.0.0.0/24 }], as: [{ cidr: 198.51.100.0/24 }], nat: { static: {} } }] }
      blue: { expose: [{ ips: [{ cidr: 10.0.0.0/24 }], as: [{ cidr: 192.0.2.0/24 }], nat: { static: {} } }] }
`;

function start() {
  const gateway = gatewayOf(CONFIG);
  const wire = ethernetInterface(gateway, { name: "wire" });
  const red = rawInterface(gateway, "red");
  let now = 0;
  const run = (iface: number, ...frames: readonly Uint8Array[]) => {
    for (const frame of frames) gateway.receive(iface, frame);
    now += 1000;
    gateway.run(now);
    gateway.clear();
  };
  const vxlan = (vni: number, text: string) =>
    vxlanFrame(vni, ethernetFrame(buildPacket(parsePacket(text))));
  return {
    gateway,
    fromWire: (vni: number, text: string) => run(wire, vxlan(vni, text)),
    fromRed: (text: string) => run(red, buildPacket(parsePacket(text))),
    junk: () => run(wire, new Uint8Array(9)),
  };
}

const place = (line: number, text: string) => ({
  file: "test.yaml",
  line,
  column: CONFIG.split("\n")[line - 1]!.indexOf(text) + 1,
});

test("drops are told by reason, VPCs, interface and step", () => {
  const { gateway, fromWire, fromRed, junk } = start();
  fromWire(100, "udp 10.0.0.4:1 > 198.51.100.8:53");
  fromWire(100, "tcp 10.0.0.4:1 > 198.51.100.8:23 syn");
  fromWire(100, "tcp 10.0.0.4:1 > 198.51.100.9:23 syn");
  fromWire(100, "udp 10.0.0.4:1 > 8.8.8.8:53");
  fromWire(999, "udp 10.0.0.4:1 > 8.8.8.8:53");
  fromRed("udp 10.3.0.4:1 > 203.0.113.8:53");
  junk();
  const report = drops(gateway);
  const cell = ({ reason, step, interface: name, from, to, count }: (typeof report.cells)[0]) =>
    `${count} ${reason} ${step} ${name} ${from} > ${to}`;
  assert.deepEqual(report.cells.map(cell).sort(), [
    "1 frame-too-short ingress wire null > null",
    "1 no-flow admit red red > null",
    "1 no-peering admit wire blue > null",
    "1 unknown-vpc decap wire null > null",
    "2 acl-denied acl wire blue > green",
  ]);
  assert.equal(report.total, 6);
  const [first] = report.reasons;
  assert.equal(first!.reason, "acl-denied");
  assert.equal(first!.count, 2);
  assert.match(first!.sentence, /^An? .*\.$/);
  assert.deepEqual(report.pairs.slice(0, 2), [
    { from: "blue", to: "green", count: 2 },
    { from: null, to: null, count: 2 },
  ]);
  assert.deepEqual(report.interfaces, [
    { interface: "wire", count: 5 },
    { interface: "red", count: 1 },
  ]);
  assert.deepEqual(
    report.steps.map(({ step, count }) => `${step} ${count}`),
    ["ingress 1", "decap 1", "admit 2", "acl 2"],
  );
  assert.deepEqual([report.elsewhere, report.notices], [0, []]);
});

test("where a port is not exposed, the sample has the expose that has the address", () => {
  const gateway = gatewayOf(`
vpcs: { blue: { vni: 100 }, green: { vni: 200 } }
peerings:
  p:
    peering:
      blue: { expose: [{ ips: [{ cidr: 10.0.0.0/24, ports: 1024-65535 }] }] }
      green:
        expose:
          - { ips: [{ cidr: 10.1.0.0/16, ports: "53" }] }
          - { ips: [{ cidr: 10.1.1.0/24, ports: "80" }] }
`);
  const blue = rawInterface(gateway, "blue");
  for (const [index, text] of [
    "udp 10.0.0.4:2000 > 10.1.0.8:54",
    "udp 10.0.0.4:2000 > 10.1.1.8:54",
    "udp 10.0.0.4:7 > 10.1.0.8:53",
    "udp 10.0.0.4:7 > 10.2.0.8:53",
  ].entries()) {
    gateway.receive(blue, buildPacket(parsePacket(text)));
    gateway.run(1000 * index);
    gateway.clear();
  }
  const told = samples(gateway).map(({ reason, to, source, destination }) =>
    [reason, to, source?.label ?? "-", destination?.label ?? "-"].join(", "),
  );
  assert.deepEqual(told.reverse(), [
    "port-not-exposed, , -, expose 1 of green",
    "port-not-exposed, , -, expose 2 of green",
    "source-port-not-exposed, green, expose 1 of blue, expose 1 of green",
    "no-peering, , -, -",
  ]);
});

test("a sample has the packet, and the lines that decided, also after they are gone", () => {
  const { gateway, fromWire } = start();
  fromWire(100, "tcp 10.0.0.4:1 > 198.51.100.8:23 syn");
  const check = () => {
    const [sample, ...others] = samples(gateway);
    assert.deepEqual(others, []);
    const { frame, sentence, advice, ...rest } = sample!;
    const macs = "02:00:00:00:00:0a > 02:00:00:00:00:0b";
    const label = { source: "expose 1 of blue", destination: "expose 1 of green" };
    assert.deepEqual(rest, {
      number: 1,
      millis: 1000,
      reason: "acl-denied",
      step: "acl",
      interface: "wire",
      from: "blue",
      to: "green",
      peering: "p",
      source: { label: label.source, place: place(6, "{ ips") },
      destination: { label: label.destination, place: place(7, "{ ips") },
      acl: { label: "acl rule no-telnet", place: place(10, "{ name") },
      packet: "tcp 10.0.0.4:1 > 198.51.100.8:23 syn",
      around: `${macs}, VXLAN 172.30.8.1 > 172.30.8.2 vni 100, ${macs}`,
      link: "ethernet",
      length: frame.length / 2,
    });
    const bytes = fromHex(frame);
    assert.equal(describePacket(bytes.subarray(64)), "tcp 10.0.0.4:1 > 198.51.100.8:23 syn");
    assert.notEqual(sentence, advice);
  };
  check();
  gateway.apply(configOf(LATER));
  check();
});

test("a place that is used again says what decided about its new packet", () => {
  const { gateway, fromWire } = start();
  const denied = (count: number) => {
    for (let i = 0; i < count; i++) fromWire(100, "tcp 10.0.0.4:1 > 198.51.100.8:23 syn");
  };
  denied(1);
  gateway.apply(configOf(`# A line more.\n${CONFIG}`));
  denied(8);
  const lines = samples(gateway).map(({ acl }) => acl?.place.line);
  assert.deepEqual(lines, Array(8).fill(place(10, "{ name").line + 1));
});

test("counts stay with the names of VPCs when a configuration numbers them anew", () => {
  const { gateway, fromWire } = start();
  fromWire(200, "udp 10.0.0.4:1 > 8.8.8.8:53");
  fromWire(100, "udp 10.0.0.4:1 > 8.8.8.8:53");
  gateway.apply(configOf(LATER));
  fromWire(100, "udp 10.0.0.4:1 > 8.8.8.8:53");
  fromWire(400, "udp 10.0.0.4:1 > 8.8.8.8:53");
  fromWire(200, "udp 10.0.0.4:1 > 8.8.8.8:53");
  fromWire(100, "udp 10.0.0.4:1 > 198.51.100.8:53 ttl=1");
  fromWire(100, "udp 10.9.0.4:1 > 198.51.100.8:53");
  const pairs = drops(gateway).cells.map(
    ({ reason, from, to, count }) => `${count} ${reason} ${from} > ${to}`,
  );
  assert.deepEqual(pairs.sort(), [
    "1 no-peering green > null",
    "1 no-peering new > null",
    "1 source-not-exposed blue > new",
    "1 ttl-exceeded blue > null",
    "1 unknown-vpc null > null",
    "2 no-peering blue > null",
  ]);
});

test("samples can be asked for by reason, VPCs, interface and step", () => {
  const { gateway, fromWire, junk } = start();
  fromWire(100, "udp 10.0.0.4:1 > 8.8.8.8:53");
  fromWire(200, "udp 10.0.0.4:2 > 8.8.8.8:53");
  fromWire(100, "tcp 10.0.0.4:3 > 198.51.100.8:23 syn");
  fromWire(100, "udp 10.0.0.4:4 > 8.8.8.8:53");
  junk();
  const numbers = (filter: Parameters<typeof samples>[1]) =>
    samples(gateway, filter).map(({ number }) => number);
  assert.deepEqual(numbers({}), [5, 4, 3, 2, 1]);
  assert.deepEqual(numbers({ limit: 2 }), [5, 4]);
  assert.deepEqual(numbers({ reason: "no-peering" }), [4, 2, 1]);
  assert.deepEqual(numbers({ reason: "no-peering", from: "blue", to: null }), [4, 1]);
  assert.deepEqual(numbers({ to: "green" }), [3]);
  assert.deepEqual(numbers({ from: null }), [5]);
  assert.deepEqual(numbers({ step: "ingress" }), [5]);
  assert.deepEqual(numbers({ interface: "red" }), []);
  const [junkSample] = samples(gateway, { limit: 1 });
  assert.equal(junkSample!.packet, "");
});

test("samples are listed while others come, each of them whole", () => {
  const { gateway, fromWire } = start();
  for (let i = 1; i <= 20; i++) fromWire(i % 2 === 0 ? 100 : 200, `udp 10.0.0.${i}:1 > 8.8.8.8:53`);
  const work = listSamples(gateway, { from: "blue" });
  let stops = 0;
  for (;;) {
    const { done, value } = work.next();
    if (done) {
      assert.ok(stops > 1);
      const said = value.map(({ packet }) => Number(/0\.(\d+):1 /.exec(packet)![1]));
      assert.deepEqual(
        said,
        [...said].sort((a, b) => b - a),
      );
      assert.ok(said.every((host) => host % 2 === 0));
      assert.equal(said.length, 8);
      return;
    }
    stops++;
    if (stops % 5 === 0) fromWire(100, `udp 10.0.0.${20 + 2 * (stops / 5)}:1 > 8.8.8.8:53`);
  }
});

test("a listing survives that everything is forgotten", () => {
  const { gateway, junk } = start();
  junk();
  const work = listSamples(gateway, {});
  work.next();
  gateway.forgetCounts();
  assert.deepEqual(finish(work), []);
});

test("counts and samples begin anew when they are forgotten", () => {
  const { gateway, junk } = start();
  junk();
  gateway.forgetCounts();
  assert.equal(drops(gateway).total, 0);
  assert.deepEqual(samples(gateway), []);
  junk();
  assert.equal(drops(gateway).total, 1);
  assert.equal(samples(gateway).length, 1);
});
