// Whatever comes, the ledger and the pipeline have counted the same.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Gateway } from "../../src/gateway/gateway.ts";
import { type DropCell, drops } from "../../src/insight/drops/report.ts";
import { samples } from "../../src/insight/drops/samples.ts";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { ethernetFrame, vxlanFrame } from "../support/frames.ts";
import { configOf, ethernetInterface, gatewayOf, rawInterface } from "../support/gateway.ts";
import { LiveGateway, macOf } from "../support/live-gateway.ts";
import { property } from "../support/property.ts";

const expose = (ips: string, as?: string, nat?: object) => ({
  ips: [{ cidr: ips }],
  ...(as === undefined ? {} : { as: [{ cidr: as }], nat }),
});
const MASQUERADE = { masquerade: { ports: "2000-2003", filtering: "address-and-port-dependent" } };
const FORWARD = { portForward: { ports: [{ port: "80", as: "8080" }] } };
const one = [
  expose("10.0.0.0/24", "20.0.0.1/32", MASQUERADE),
  expose("10.1.0.0/24", "20.1.0.0/24", { static: {} }),
  expose("2001:db8:1::/64"),
];
const two = [
  expose("10.0.0.0/24", "30.0.0.0/24", { static: {} }),
  expose("10.5.0.1/32", "31.0.0.1/32", FORWARD),
  expose("2001:db8:2::/64"),
];
const acl = { rules: [{ from: "one", action: "deny", match: { proto: "tcp" } }] };
/** The same names with other numbers; names that come and go. */
const CONFIGS = [
  configOf({
    vpcs: { one: { vni: 100 }, two: { vni: 200 }, three: { vni: 300 } },
    peerings: { p: { peering: { one: { expose: one }, two: { expose: two } }, acl } },
    isthmus: { vpcs: { two: { mtu: 1300 } } },
  }),
  configOf({
    vpcs: { four: { vni: 300 }, two: { vni: 200 }, one: { vni: 100 } },
    peerings: { q: { peering: { two: { expose: two }, one: { expose: one } } } },
    isthmus: { fragments: { timeout: "2s" } },
  }),
  configOf({
    vpcs: { two: { vni: 100 }, three: { vni: 200 } },
    peerings: { r: { peering: { two: { expose: two }, three: { expose: one } } } },
  }),
];
const TEXTS = [
  "udp 10.0.0.$:5 > 30.0.0.8:53",
  "udp 10.0.0.$:5 > 30.0.0.9:53",
  "tcp 10.0.0.$:5 > 31.0.0.1:8080 syn",
  "tcp 10.0.0.$:5 > 31.0.0.1:8080 ack",
  "udp 10.1.0.$:5 > 30.0.0.8:53",
  "udp 10.1.0.$:5 > 30.0.0.8:53 len=1400 df",
  "udp 10.1.0.$:5 > 30.0.0.8:53 ttl=1",
  "udp 10.1.0.$:5 > 30.0.0.8:0",
  "udp 10.9.0.$:5 > 30.0.0.8:53",
  "udp 10.0.0.$:5 > 9.9.9.9:53",
  "udp 10.0.0.8:53 > 20.0.0.1:2000",
  "udp 10.0.0.8:53 > 20.1.0.$:5",
  "udp 10.0.0.$:5 > 30.0.0.8:53 mf id=$ len=44",
  'udp 10.0.0.$ > 30.0.0.8 frag=24 id=$ data="rest"',
  'udp 10.0.0.$ > 30.0.0.8 frag=24 id=$ data="rest"',
  "icmp 10.1.0.$ > 30.0.0.8 port-unreachable { udp 30.0.0.8:53 > 10.1.0.$:5 }",
  "icmp 10.1.0.$ > 30.0.0.8 echo-request id=1",
  "udp [2001:db8:1::$]:5 > [2001:db8:2::1]:53",
  "udp [2001:db8:7::$]:5 > [2001:db8:2::1]:53",
];

const packet = fc
  .tuple(fc.constantFrom(...TEXTS), fc.integer({ min: 1, max: 4 }))
  .map(([text, host]) => buildPacket(parsePacket(text.replaceAll("$", `${host}`))));
/** Where it comes in: a VNI, or an interface of a VPC. */
const arrival = fc.record({
  packet,
  by: fc.constantFrom(100, 200, 300, 999, "one", "two"),
  cut: fc.oneof({ weight: 9, arbitrary: fc.constant(4000) }, fc.nat({ max: 60 })),
});
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("run" as const),
      arrivals: fc.array(arrival, { minLength: 1, maxLength: 12 }),
      after: fc.constantFrom(0, 10, 150, 3000, 400_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("apply" as const), config: fc.nat({ max: 2 }) }),
  },
);

function sums<T>(cells: readonly DropCell[], keyOf: (cell: DropCell) => T): Map<T, number> {
  const result = new Map<T, number>();
  for (const cell of cells) result.set(keyOf(cell), (result.get(keyOf(cell)) ?? 0) + cell.count);
  return result;
}

/** What every gateway must say at any time. */
function check(gateway: Gateway): void {
  const counts = gateway.counts();
  const report = drops(gateway);
  const dropped = [...counts.dropped.values()].reduce((sum, count) => sum + count, 0);
  assert.equal(counts.received, counts.sent + counts.consumed + dropped + counts.waiting);
  assert.equal(report.total, dropped);
  assert.equal(report.elsewhere, 0);
  assert.deepEqual(
    sums(report.cells, ({ reason }) => reason as string),
    sums(
      [...counts.dropped].map(([reason, count]) => ({ reason, count }) as DropCell),
      ({ reason }) => reason as string,
    ),
  );
  for (const list of [report.reasons, report.pairs, report.interfaces, report.steps]) {
    assert.equal(
      list.reduce((sum, { count }) => sum + count, 0),
      dropped,
    );
  }
}

/** What was dropped on its way to a VPC is in the same pair everywhere. */
function checkPairs(gateway: Gateway): void {
  const known = drops(gateway).cells.filter(({ to }) => to !== null);
  const expected = gateway.counts().pairs.filter(({ dropped }) => dropped > 0);
  assert.deepEqual(
    sums(known, ({ from, to }) => `${from} > ${to}`),
    new Map(expected.map(({ from, to, dropped }) => [`${from} > ${to}`, dropped])),
  );
}

property(
  "the ledger has every dropped packet once, whatever comes and whatever is applied",
  [fc.array(step, { maxLength: 12 })],
  (steps) => {
    const gateway = gatewayOf({ vpcs: {} });
    gateway.apply(CONFIGS[0]!);
    const wire = ethernetInterface(gateway, { name: "wire" });
    const raw = { one: rawInterface(gateway, "one"), two: rawInterface(gateway, "two") };
    let now = 0;
    for (const each of steps) {
      if (each.kind === "apply") {
        gateway.apply(CONFIGS[each.config]!, now);
        check(gateway);
        continue;
      }
      now += each.after;
      for (const { packet: bytes, by, cut } of each.arrivals) {
        if (typeof by === "string") {
          gateway.receive(raw[by as "one" | "two"], bytes.subarray(0, cut));
        } else {
          const frame = vxlanFrame(by, ethernetFrame(bytes));
          gateway.receive(wire, frame.subarray(0, cut + 50));
        }
      }
      gateway.run(now);
      gateway.clear();
      check(gateway);
      checkPairs(gateway);
    }
    const kept = samples(gateway, { limit: 10_000 });
    const kinds = new Set(drops(gateway).cells.map((cell) => kindOf(cell)));
    assert.deepEqual(new Set(kept.map(kindOf)), kinds);
  },
  { runs: 60 },
);

function kindOf({ reason, from, to }: Pick<DropCell, "reason" | "from" | "to">): string {
  return `${reason} ${from} ${to}`;
}

const LIVE = (prefix: string, extra: string) => `
vpcs: { ${extra} blue: { vni: 101 }, green: { vni: 102 } }
peerings:
  p:
    peering:
      blue: { expose: [{ ips: [{ cidr: 10.0.0.0/24 }] }] }
      green: { expose: [{ ips: [{ cidr: ${prefix} }] }] }
isthmus:
  attachments:
    - { vpc: blue, interface: b0, address: 10.0.0.1/24 }
    - { vpc: green, interface: g0, address: 20.0.0.1/24 }
`;
const GONE = `
vpcs: { other: { vni: 103 }, blue: { vni: 101 } }
isthmus: { attachments: [{ vpc: blue, interface: b0, address: 10.0.0.1/24 }] }
`;
const MAC = { b0: "02:00:00:00:00:b0", g0: "02:00:00:00:00:90", host: "02:00:00:00:00:04" };

function startLive(): LiveGateway {
  const ports = [
    { name: "b0", mac: MAC.b0, vpc: "blue" },
    { name: "g0", mac: MAC.g0, vpc: "green" },
  ];
  const live = new LiveGateway(LIVE("20.0.0.0/24", ""), ports);
  for (let i = 0; i < 20; i++) live.wait(1000);
  return live;
}

function toNobody(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => {
    const text = `udp 10.0.0.4:${1000 + i} > 20.0.0.8:53 len=${28 + i}`;
    const frame = ethernetFrame(buildPacket(parsePacket(text)));
    frame.set(macOf(MAC.b0));
    frame.set(macOf(MAC.host), 6);
    return frame;
  });
}

test("packets that were held for a neighbor who never answers are in the ledger", () => {
  const live = startLive();
  live.send("b0", ...toNobody(40));
  check(live.gateway);
  assert.equal(live.gateway.counts().waiting, 16);
  for (let i = 0; i < 10; i++) live.wait(1000);
  check(live.gateway);
  const { cells } = drops(live.gateway);
  assert.deepEqual(cells, [
    {
      reason: "neighbor-unresolved",
      step: "held",
      interface: "b0",
      from: "blue",
      to: "green",
      count: 40,
    },
    // That they did not arrive is told to the sender, who does not say where it is either.
    {
      reason: "neighbor-unresolved",
      step: "held",
      interface: "g0",
      from: "green",
      to: "blue",
      count: 16,
    },
  ]);
  const kept = samples(live.gateway, { from: "blue" });
  assert.ok(kept.length >= 2);
  for (const { packet: said, length, link } of kept) {
    assert.match(said, /^udp 10\.0\.0\.4:\d+ > 20\.0\.0\.8:53$/);
    assert.equal(length, 28 + Number(said.split(/[: ]/)[2]) - 1000);
    assert.equal(link, "raw-ip");
  }
});

test("what a configuration without their VPC gives up is counted with the names of before", () => {
  const live = startLive();
  live.send("b0", ...toNobody(3));
  live.apply(LIVE("20.0.0.0/24", "first: { vni: 104 },"));
  assert.deepEqual(drops(live.gateway).cells, []);
  live.apply(GONE);
  live.wait(1);
  check(live.gateway);
  const [cell, ...others] = drops(live.gateway).cells;
  assert.deepEqual(others, []);
  assert.deepEqual([cell!.from, cell!.to, cell!.count], ["blue", "green", 3]);
});
