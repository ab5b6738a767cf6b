// A plan against what applying then does.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Random, seededRandom } from "../../src/base/random.ts";
import { loadConfig } from "../../src/config/load.ts";
import type { Config } from "../../src/config/model.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { plan } from "../../src/insight/plan/plan.ts";
import type { Detail, PlanReport } from "../../src/insight/plan/report.ts";
import { finish } from "../../src/insight/work.ts";
import { natModes } from "../../src/nat/modes.ts";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { addressBehind, addressText } from "../simulation/address.ts";
import { generateConfig, generateVpcs } from "../simulation/generate.ts";
import { type ConfigModel, configText, type Range } from "../simulation/model.ts";
import { configOf, rawInterface } from "../support/gateway.ts";
import { property } from "../support/property.ts";

function newGateway(config: Config): Gateway {
  const gateway = new Gateway({ slots: 256, flowCapacity: 512 }, { random: seededRandom(1) });
  gateway.apply(config);
  return gateway;
}

/** One packet, in notation, from a VPC; what became of it. */
function send(gateway: Gateway, vpcs: ReadonlyMap<string, number>, vpc: string, text: string) {
  gateway.receive(vpcs.get(vpc)!, buildPacket(parsePacket(text)));
  gateway.run(1000);
  const { verdict } = gateway.outcome(0);
  gateway.clear();
  return verdict;
}

function interfacesOf(gateway: Gateway, names: readonly string[]): Map<string, number> {
  return new Map(names.map((name) => [name, rawInterface(gateway, name)]));
}

/** What applying reports, in the words of a plan. */
function applied(gateway: Gateway, config: Config) {
  const { kept, ended } = gateway.apply(config, 1000);
  const reasons: Record<string, number> = {};
  for (const { reason } of ended) reasons[reason] = (reasons[reason] ?? 0) + 1;
  return { kept, reasons };
}

function promised({ flows }: PlanReport) {
  return { kept: flows.kept, reasons: { ...flows.reasons } };
}

function someOf(random: Random, ranges: readonly Range[]): { address: string; port: number } {
  const { first, count, ports } = ranges[random.below(ranges.length)]!;
  const address = addressText(addressBehind(first, first.host + random.below(count)));
  const [low, high] = ports ?? [1024, 60_000];
  return { address, port: low + random.below(high + 1 - low) };
}

/** A packet of some host to what some peer exposes; most make a flow. */
function somePacket(random: Random, model: ConfigModel): readonly [string, string] | undefined {
  const { sides } = model.peerings[random.below(model.peerings.length)]!;
  const turn = random.below(2);
  const [from, to] = [sides[turn]!, sides[1 - turn]!];
  const source = someOf(random, from.exposes[random.below(from.exposes.length)]!.privates);
  const destination = someOf(random, to.exposes[random.below(to.exposes.length)]!.publics);
  if (source.address.includes(":") !== destination.address.includes(":")) return undefined;
  const end = ({ address, port }: typeof source) =>
    address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
  const name = model.vpcs[from.vpc]!.name;
  if (random.below(5) === 0) {
    return [name, `icmp ${source.address} > ${destination.address} echo-request id=${source.port}`];
  }
  const protocol = random.below(2) === 0 ? "tcp" : "udp";
  const flags = protocol === "tcp" ? " syn" : "";
  return [name, `${protocol} ${end(source)} > ${end(destination)}${flags}`];
}

function loaded(model: ConfigModel): Config | undefined {
  return loadConfig(JSON.stringify(configText(model)), "", natModes).config;
}

let flowsSeen = 0;
let endsSeen = 0;

property(
  "a plan's numbers are those that applying reports, and planning changes nothing",
  [fc.nat({ max: 0x7fffffff })],
  (seed) => {
    const random = seededRandom(seed);
    const vpcs = generateVpcs(random);
    const model = generateConfig(random, vpcs);
    // Some peerings stay as they were.
    const next = generateConfig(random, vpcs);
    const peerings = next.peerings.map((each) => {
      const same = model.peerings.find(({ sides: [left, right] }) => {
        return left.vpc === each.sides[0].vpc && right.vpc === each.sides[1].vpc;
      });
      return same && random.below(3) > 0 ? same : each;
    });
    const [before, after] = [loaded(model), loaded({ ...next, peerings })];
    if (before === undefined || after === undefined) return;
    const gateway = newGateway(before);
    const names = vpcs.map(({ name }) => name);
    const interfaces = interfacesOf(gateway, names);
    for (let i = 0; i < 120; i++) {
      const packet = somePacket(random, model);
      if (packet) send(gateway, interfaces, ...packet);
    }
    // Some may be over by then.
    gateway.advance(random.below(2) === 0 ? 1000 : 20_000);
    const state = () => JSON.stringify([gateway.flows(), gateway.tracked(), gateway.generation]);
    const was = state();
    const report = finish(plan(gateway, after));
    assert.equal(state(), was);
    assert.deepEqual(JSON.parse(JSON.stringify(report)), report);
    const { kept, retranslated, ended } = report.flows;
    assert.equal(kept + retranslated + ended, gateway.flows().length);
    const sums = report.peerings.map((each) => each.kept + each.retranslated + each.ended);
    assert.equal(
      sums.reduce((a, b) => a + b, 0),
      kept + retranslated + ended,
    );
    assert.deepEqual(promised(report), applied(gateway, after));
    flowsSeen += kept;
    endsSeen += retranslated + ended;
    // What is in force keeps everything.
    const again = finish(plan(gateway, after));
    assert.deepEqual([again.flows.kept, again.changes, again.shadows], [kept, [], []]);
  },
  { runs: 20 },
);

test("the random plans have kept flows and ended some", () => {
  assert.ok(flowsSeen > 100 && endsSeen > 100, `${flowsSeen} kept, ${endsSeen} ended`);
});

/** Blue behind `blue`, green behind one static expose, with an ACL if one is given. */
function joined(blue: object[], more: object = {}): Config {
  const green = {
    expose: [
      { ips: [{ cidr: "10.0.0.0/24" }], as: [{ cidr: "198.51.100.0/24" }], nat: { static: {} } },
    ],
  };
  return configOf({
    vpcs: { blue: { vni: 101 }, green: { vni: 102 } },
    peerings: { "blue--green": { peering: { blue: { expose: blue }, green }, ...more } },
  });
}

function behind(as: string, options: object = {}): object {
  return { ips: [{ cidr: "10.0.0.0/24" }], as: [{ cidr: as }], nat: { masquerade: options } };
}

/** With so many UDP flows, each of a host of its own. */
function busyGateway(config: Config, flows: number): Gateway {
  const gateway = newGateway(config);
  const interfaces = interfacesOf(gateway, ["blue", "green"]);
  for (let host = 1; host <= flows; host++) {
    const text = `udp 10.0.0.${host}:1000 > 198.51.100.8:53`;
    assert.equal(send(gateway, interfaces, "blue", text), "sent");
  }
  return gateway;
}

test("a pool that is too small for the flows that would move to it is told, with what is missing", () => {
  const gateway = busyGateway(joined([behind("192.0.2.1/32")]), 30);
  const after = joined([behind("192.0.2.2/32", { ports: "2000-2009" })]);
  const report = finish(plan(gateway, after));
  assert.deepEqual(report.flows, {
    kept: 0,
    retranslated: 30,
    ended: 0,
    reasons: { "other-source": 30 },
  });
  const [{ expose, ...pool }] = report.pools as [PlanReport["pools"][number]];
  assert.equal(expose.label, "expose 1 of blue");
  assert.deepEqual(pool, { protocol: 17, kept: 0, again: 30, capacity: 10, missing: 20 });
});

test("ports that others answer to are not counted as room of a pool", () => {
  const gateway = busyGateway(joined([behind("192.0.2.1/32")]), 3);
  const forward = {
    ips: [{ cidr: "10.0.0.5/32" }],
    as: [{ cidr: "192.0.2.1/32" }],
    nat: { portForward: { ports: [{ proto: "udp", port: "53-54", as: "1100-1101" }] } },
  };
  const [pool] = finish(plan(gateway, joined([behind("192.0.2.1/32"), forward]))).pools;
  assert.equal(pool?.capacity, 65_536 - 1024 - 2);
  assert.equal((pool?.kept ?? 0) + (pool?.again ?? 0), 3);
});

test("flows of one private endpoint need one public one", () => {
  const before = joined([behind("192.0.2.1/32")]);
  const gateway = newGateway(before);
  const interfaces = interfacesOf(gateway, ["blue"]);
  for (const host of [8, 9, 10]) {
    send(gateway, interfaces, "blue", `udp 10.0.0.1:1000 > 198.51.100.${host}:53`);
  }
  const { flows, pools } = finish(plan(gateway, before));
  assert.deepEqual([flows.kept, pools[0]?.kept, pools[0]?.again], [3, 1, 0]);
});

test("a rule that the rules before it leave nothing of is told, with these", () => {
  const rule = (name: string, match: string, action = "allow") => {
    return { name, from: "blue", to: "green", action, scope: "flow", match: JSON.parse(match) };
  };
  const acl = {
    acl: {
      default: "deny",
      rules: [
        rule("low", '{ "proto": "tcp", "dst": [{ "ports": ["0-1023"] }] }'),
        rule("high", '{ "proto": "tcp", "dst": [{ "ports": ["1024-65535"] }] }'),
        rule("all-tcp", '{ "proto": "tcp" }', "deny"),
        rule("half", '{ "src": [{ "cidr": "10.0.0.0/25" }] }'),
        rule("other-half", '{ "src": [{ "cidr": "10.0.0.128/25" }] }'),
        rule("rest", "{}", "deny"),
      ],
    },
  };
  const config = joined([behind("192.0.2.1/32")], acl);
  const { deadRules } = finish(plan(newGateway(config), config));
  const said = deadRules.map(({ rule: { label }, by }) => [label, by.map((each) => each.label)]);
  assert.deepEqual(said, [
    ['rule "all-tcp"', ['rule "low"', 'rule "high"']],
    ['rule "rest"', ['rule "half"', 'rule "other-half"']],
  ]);
});

test("what changes is said in words, with the line", () => {
  const before = joined([behind("192.0.2.1/32")]);
  const after = configOf({
    vpcs: { blue: { vni: 111 }, green: { vni: 102 }, red: { vni: 103 } },
    peerings: {
      "blue--green": {
        peering: {
          blue: { expose: [behind("192.0.2.1/32", { idleTimeout: "1m" })] },
          green: { expose: [{ ips: [{ cidr: "10.0.9.0/24" }] }] },
        },
      },
    },
  });
  const { changes, flows } = finish(plan(busyGateway(before, 2), after));
  assert.deepEqual(flows.reasons, { "vpc-gone": 2 });
  const say = ({ text, place }: Detail) => (place ? `${text} ${place.file}:${place.line}` : text);
  const said = changes.map(({ kind, what, name, details }) => [
    ...[kind, what, name],
    ...details.map(say),
  ]);
  assert.deepEqual(said, [
    ["changed", "vpc", "blue", "Its VNI: 101 becomes 111."],
    ["added", "vpc", "red"],
    [
      "changed",
      "peering",
      "blue--green",
      "Options of blue, 10.0.0.0/24 as 192.0.2.1/32 (masquerade), change. test.yaml:1",
      "green no longer exposes 10.0.0.0/24 as 198.51.100.0/24 (static). test.yaml:1",
      "green now exposes 10.0.9.0/24 as it is. test.yaml:1",
    ],
  ]);
  assert.equal(changes[0]?.place?.file, "test.yaml");
});

test("an expose that takes packets from another is told once, when it is new", () => {
  const forward = {
    ips: [{ cidr: "10.0.0.5/32" }],
    as: [{ cidr: "192.0.2.1/32" }],
    nat: { portForward: { ports: [{ proto: "tcp", port: "80", as: "8080" }] } },
  };
  const before = joined([behind("192.0.2.1/32")]);
  const after = joined([behind("192.0.2.1/32"), forward]);
  const gateway = newGateway(before);
  const [shadow, ...more] = finish(plan(gateway, after)).shadows;
  assert.deepEqual(more, []);
  assert.deepEqual(
    [shadow?.from, shadow?.addresses, shadow?.protocol, shadow?.winner.label, shadow?.loser.label],
    ["green", "192.0.2.1/32:8080", 6, "expose 2 of blue", "expose 1 of blue"],
  );
  gateway.apply(after);
  assert.deepEqual(finish(plan(gateway, after)).shadows, []);
});

test("a plan begins anew when another configuration is applied in the middle", () => {
  const before = joined([behind("192.0.2.1/32")]);
  const gateway = busyGateway(before, 200);
  const work = plan(gateway, before);
  for (let i = 0; i < 5; i++) assert.equal(work.next().done, false);
  gateway.apply(joined([behind("192.0.2.2/32")]));
  const { flows, generation } = finish(work);
  assert.deepEqual([flows.kept + flows.retranslated, generation], [0, 2]);
});
