// What came closest, where there are many that might have.

import assert from "node:assert/strict";
import { test } from "node:test";
import { explainLive } from "../../src/insight/explain/explain.ts";
import { type NextPacket, readNext } from "../../src/insight/explain/next-packet.ts";
import { finish } from "../../src/insight/work.ts";
import { gatewayOf } from "../support/gateway.ts";

function asked(config: object | string, text: string) {
  return explainLive(gatewayOf(config), 0, [readNext(text) as NextPacket]);
}

/** The texts of what came closest. */
function near(config: object | string, text: string): string[] {
  const [told] = finish(asked(config, text));
  return told!.drop!.nearest.map((each) => each.text);
}

const EXPOSES = 1000;

test("in a large configuration it is looked for in pieces", () => {
  const many = Array.from({ length: EXPOSES }, (_, i) => ({
    ips: [{ cidr: `10.${i >> 8}.${i & 255}.0/25` }],
  }));
  const blue = { expose: [{ ips: [{ cidr: "172.16.0.0/24" }] }] };
  const vpcs = { blue: { vni: 101 }, green: { vni: 102 } };
  const peerings = { p: { peering: { blue, green: { expose: many } } } };
  const work = asked({ vpcs, peerings }, "blue: udp 172.16.0.4:1 > 10.2.7.130:53");
  let pieces = 0;
  for (;;) {
    const { done, value } = work.next();
    if (!done) pieces++;
    else {
      const texts = value[0]!.drop!.nearest.map(({ text }) => text);
      assert.deepEqual(texts, [
        "10.2.7.0/25 ends 3 addresses before 10.2.7.130.",
        "10.2.8.0/25 begins 126 addresses after 10.2.7.130.",
      ]);
      break;
    }
  }
  assert.ok(pieces > EXPOSES / 100, `${pieces} pieces`);
});

test("of one expose there is one, though it was taken apart", () => {
  const green = {
    expose: [
      { ips: [{ cidr: "10.2.0.0/16" }, { not: "10.2.3.0/24" }] },
      { ips: [{ cidr: "10.4.0.0/16" }] },
    ],
  };
  const blue = { expose: [{ ips: [{ cidr: "172.16.0.0/24" }] }] };
  const vpcs = { blue: { vni: 101 }, green: { vni: 102 } };
  const config = { vpcs, peerings: { p: { peering: { blue, green } } } };
  assert.deepEqual(near(config, "blue: udp 172.16.0.4:1 > 10.2.3.4:53"), [
    "10.2.2.0/24 ends 5 addresses before 10.2.3.4.",
    "10.4.0.0/16 is the nearest there is.",
  ]);
});

const HIDDEN = {
  ips: [{ cidr: "10.1.0.0/24" }],
  as: [{ cidr: "198.51.100.1/32" }],
  nat: { masquerade: {} },
};
const FORWARDED = {
  ips: [{ cidr: "10.1.0.80/32" }],
  as: [{ cidr: "198.51.100.1/32" }],
  nat: { portForward: { ports: [{ proto: "tcp", port: "80", as: "8080" }] } },
};

test("a port that nobody forwards, of an address that others hide behind", () => {
  const blue = { expose: [{ ips: [{ cidr: "10.0.0.0/24" }] }] };
  const vpcs = { blue: { vni: 101 }, green: { vni: 102 } };
  const peerings = { p: { peering: { blue, green: { expose: [HIDDEN, FORWARDED] } } } };
  assert.deepEqual(near({ vpcs, peerings }, "blue: tcp 10.0.0.4:3000 > 198.51.100.1:8081 syn"), [
    "Hosts behind this expose open connections; nobody opens one to port 8081 of 198.51.100.1.",
    "198.51.100.1/32 has the address, but port 8080 is 1 off 8081.",
  ]);
});

test("a VPC's own public address, where its hosts may use it", () => {
  const green = { hairpin: true, expose: [HIDDEN, FORWARDED] };
  const blue = { expose: [{ ips: [{ cidr: "10.0.0.0/24" }] }] };
  const vpcs = { blue: { vni: 101 }, green: { vni: 102 } };
  const config = (expose: readonly object[], hairpin: boolean) => {
    return { vpcs, peerings: { p: { peering: { blue, green: { ...green, expose, hairpin } } } } };
  };
  const text = "green: tcp 10.1.0.80:3000 > 198.51.100.1:8079 syn";
  const miss = "198.51.100.1/32 has the address, but port 8080 is 1 off 8079.";
  assert.deepEqual(near(config([FORWARDED], true), text), [miss]);
  assert.deepEqual(near(config([HIDDEN, FORWARDED], true), text)[1], miss);
  const others = near(config([FORWARDED], false), text);
  assert.deepEqual(others, ["10.0.0.0/24 is the nearest there is."]);
});

const RULES = `
vpcs: { blue: { vni: 101 }, green: { vni: 102 } }
peerings:
  p:
    peering:
      blue: { expose: [{ ips: [{ cidr: 10.0.0.0/24 }] }] }
      green: { expose: [{ ips: [{ cidr: 10.1.0.0/24 }] }] }
    acl:
      default: deny
      rules:
        - { name: low, from: blue, action: allow, match: { proto: tcp, dst: [{ ports: ["80-90"] }] } }
        - { name: near, from: blue, action: allow, match: { proto: tcp, dst: [{ ports: ["8080"] }] } }
        - { name: high, from: blue, action: allow, match: { proto: tcp, dst: [{ ports: ["9000"] }] } }
`;

test("of rules that lack as much, the one whose ports are nearest", () => {
  const [, nearest] = near(RULES, "blue: tcp 10.0.0.4:3000 > 10.1.0.8:8081 syn");
  assert.equal(nearest, "Rule near would allow it, but for the destination (10.1.0.0/24:8080).");
});
