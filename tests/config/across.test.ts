// Rules across peerings, and of ACLs: what must be refused or warned about, and what must not.

import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "../../src/config/load.ts";
import { natModes } from "../../src/nat/modes.ts";

type Spec = Record<string, unknown>;

const PLAIN = (cidr: string, ports?: string) => ({ ips: [{ cidr, ...(ports && { ports }) }] });
const STATIC = (ips: string, as: string) => ({
  ips: [{ cidr: ips }],
  as: [{ cidr: as }],
  nat: { static: {} },
});
const MASQUERADE = (as: string) => ({
  ips: [{ cidr: "10.7.0.0/16" }],
  as: [{ cidr: as }],
  nat: { masquerade: {} },
});
const FORWARD = (as: string) => ({
  ips: [{ cidr: "10.7.0.1/32" }],
  as: [{ cidr: as }],
  nat: { portForward: { ports: [{ proto: "tcp", port: "22", as: "2222" }] } },
});
const DEFAULT = { default: true };

/** Issues of a hub with two peers that expose these to it. */
function hub(one: Spec, two: Spec, groups: [string, string] = ["g", "g"]): string[] {
  const peering = (peer: string, expose: Spec, group: string) => ({
    gatewayGroup: group,
    peering: { hub: { expose: [PLAIN("10.1.0.0/16")] }, [peer]: { expose: [expose] } },
  });
  const config = {
    vpcs: { hub: { vni: 1 }, one: { vni: 2 }, two: { vni: 3 } },
    peerings: { p1: peering("one", one, groups[0]), p2: peering("two", two, groups[1]) },
  };
  return loadConfig(JSON.stringify(config), "", natModes).issues.map(({ code }) => code);
}

const OVERLAP = ["peering/overlap-between-peers"];
const GROUPS = ["peering/overlap-across-groups"];

for (const [name, issues, expected] of [
  ["a prefix within a peer's", hub(PLAIN("10.0.0.0/16"), PLAIN("10.0.1.0/24")), OVERLAP],
  [
    "ports that overlap too",
    hub(PLAIN("5.0.0.0/24", "6001-8000"), PLAIN("5.0.0.0/25", "5001-7000")),
    OVERLAP,
  ],
  ["ports apart", hub(PLAIN("5.0.0.0/24", "6001-8000"), PLAIN("5.0.0.0/25", "5001-6000")), []],
  ["two masquerade pools", hub(MASQUERADE("1.0.0.0/16"), MASQUERADE("1.0.0.0/16")), []],
  ["a pool and plain addresses", hub(MASQUERADE("1.0.0.0/16"), PLAIN("1.0.0.0/16")), OVERLAP],
  ["a pool and a forwarded port", hub(MASQUERADE("1.0.0.0/16"), FORWARD("1.0.0.1/32")), OVERLAP],
  [
    "the same private, different public addresses",
    hub(STATIC("10.9.0.0/16", "1.0.0.0/16"), STATIC("10.9.0.0/16", "2.0.0.0/16")),
    [],
  ],
  [
    "the same public addresses",
    hub(STATIC("10.8.0.0/16", "1.0.0.0/16"), STATIC("10.9.0.0/16", "1.0.0.0/16")),
    OVERLAP,
  ],
  ["a default and anything", hub(PLAIN("5.0.0.0/24"), DEFAULT), []],
  ["two defaults", hub(DEFAULT, DEFAULT), ["peering/several-default-destinations"]],
  ["a default of another group", hub(PLAIN("5.0.0.0/24"), DEFAULT, ["a", "b"]), GROUPS],
  [
    "pools of different groups",
    hub(MASQUERADE("1.0.0.0/16"), MASQUERADE("1.0.0.0/16"), ["a", "b"]),
    GROUPS,
  ],
  ["apart, of different groups", hub(PLAIN("5.0.0.0/24"), PLAIN("6.0.0.0/24"), ["a", "b"]), []],
] as [string, string[], string[]][]) {
  test(`what two peers expose to one VPC: ${name}: ${expected[0] ?? "accepted"}`, () => {
    assert.deepEqual(issues, expected);
  });
}

/** Issues of one rule between blue (10.1.0.0/16) and green (10.2.0.0/16 as 192.0.0.0/16). */
function rule(text: Spec, sides: { blue?: Spec; defaultAction?: string } = {}): string[] {
  const blue = { expose: [sides.blue ?? PLAIN("10.1.0.0/16")] };
  const green = { expose: [STATIC("10.2.0.0/16", "198.18.0.0/16")] };
  const config = {
    vpcs: {
      blue: { vni: 1, subnets: { web: { cidr: "10.1.4.0/24" } } },
      green: { vni: 2 },
    },
    peerings: {
      p: {
        peering: { blue, green },
        acl: {
          default: sides.defaultAction ?? "deny",
          rules: [{ action: "allow", scope: "packet", ...text }],
        },
      },
    },
  };
  const { issues } = loadConfig(JSON.stringify(config), "", natModes);
  return issues.map(({ code }) => code).filter((code) => code !== "expose/outside-subnets");
}

for (const [name, issues, expected] of [
  ["from alone", rule({ from: "blue" }), []],
  ["to alone", rule({ to: "blue" }), []],
  ["both sides", rule({ from: "green", to: "blue" }), []],
  ["neither", rule({}), ["acl/wrong-vpc"]],
  ["from a side to itself", rule({ from: "blue", to: "blue" }), ["acl/wrong-vpc"]],
  ["a subnet", rule({ from: "blue", match: { src: [{ vpcSubnet: "web" }] } }), []],
  [
    "the receiver's public addresses",
    rule({ from: "blue", match: { dst: [{ cidr: "198.18.5.0/24" }] } }),
    [],
  ],
  [
    "its private ones",
    rule({ from: "blue", match: { dst: [{ cidr: "10.2.5.0/24" }] } }),
    ["acl/not-exposed"],
  ],
  [
    "more than is exposed",
    rule({ from: "blue", match: { src: [{ cidr: "10.0.0.0/8" }] } }),
    ["acl/narrowed"],
  ],
  [
    "ports of TCP",
    rule({ from: "blue", match: { proto: "tcp", dst: [{ ports: ["80", "8000-8100"] }] } }),
    [],
  ],
  [
    "a list of ports",
    rule({ from: "blue", match: { proto: "udp", dst: [{ ports: ["53,5353"] }] } }),
    [],
  ],
  [
    "TCP by its number",
    rule({ from: "blue", match: { proto: "6", dst: [{ ports: ["80"] }] } }),
    [],
  ],
  ["ICMP by its number", rule({ from: "blue", match: { proto: 1 } }), []],
  [
    "ports of ICMP",
    rule({ from: "blue", match: { proto: "1", dst: [{ ports: ["80"] }] } }),
    ["acl/ports-without-protocol"],
  ],
  [
    "a protocol that is none",
    rule({ from: "blue", match: { proto: "256" } }),
    ["acl/bad-protocol"],
  ],
  [
    "no ports at all",
    rule({ from: "blue", match: { proto: "tcp", dst: [{ ports: [] }] } }),
    ["acl/bad-ports"],
  ],
  ["scope flow, stateless, default deny", rule({ from: "blue", scope: "flow" }), []],
  [
    "scope flow, stateless, default allow",
    rule({ from: "blue", scope: "flow" }, { defaultAction: "deny-unless-exposed" }),
    [],
  ],
  [
    "scope flow where every flow is tracked",
    rule(
      { from: "blue", scope: "flow" },
      { blue: { ...MASQUERADE("203.0.113.1/32"), ips: [{ cidr: "10.1.0.0/16" }] } },
    ),
    [],
  ],
] as [string, string[], string[]][]) {
  test(`an ACL rule, ${name}: ${expected[0] ?? "accepted"}`, () => {
    assert.deepEqual(issues, expected);
  });
}
