// The rules for VPCs, for parts of exposes as they are written, and for ACLs: what must be refused,
// and the near misses that must be accepted.

import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "../../src/config/load.ts";
import { natModes } from "../../src/nat/modes.ts";

function codes(config: object): string {
  const { issues } = loadConfig(JSON.stringify(config), "", natModes);
  return issues.map(({ code }) => code).join(", ");
}

const PLAIN = { expose: [{ ips: [{ cidr: "10.2.0.0/24" }] }] };
const VPCS = {
  blue: { vni: 101, subnets: { web: { cidr: "10.1.0.7/24" } } },
  green: { vni: 102, subnets: { db: { cidr: "10.2.0.0/24" } } },
};

/** Codes of a peering between blue, as given, and green. */
function withPeering(blue: object, rest: object = {}, top: object = {}): string {
  const peerings = { p: { peering: { blue, green: PLAIN }, ...rest } };
  return codes({ vpcs: VPCS, peerings, ...top });
}

function withExpose(expose: object): string {
  return withPeering({ expose: [expose] });
}

function withRules(...rules: object[]): string {
  const blue = { expose: [{ ips: [{ vpcSubnet: "web" }] }] };
  return withPeering(blue, { acl: { default: "deny", rules } });
}

const ips = [{ cidr: "10.1.0.0/24" }];
const as = [{ cidr: "192.0.2.0/24" }];
const one = { ips: [{ cidr: "10.1.0.1/32" }], as: [{ cidr: "192.0.2.1/32" }] };
const forward = (ports?: object[]) => ({ ...one, nat: { portForward: { ports } } });
const rule = { from: "blue", action: "allow" };

for (const [name, found, expected] of [
  // VPCs.
  ["VNI 1", codes({ vpcs: { a: { vni: 1 } } }), ""],
  ["VNI 16777215", codes({ vpcs: { a: { vni: 16_777_215 } } }), ""],
  ["VNI 0", codes({ vpcs: { a: { vni: 0 } } }), "vpc/bad-vni"],
  ["VNI 16777216", codes({ vpcs: { a: { vni: 16_777_216 } } }), "vpc/bad-vni"],
  ["no VNI", codes({ vpcs: { a: {} } }), "vpc/missing-vni"],
  ["one VNI twice", codes({ vpcs: { a: { vni: 1 }, b: { vni: 1 } } }), "vpc/duplicate-vni"],
  ...["AAA", "!1234", "AAAAAA", "ÄAAA", ""].map(
    (id) =>
      [`id "${id}"`, codes({ vpcs: { a: { vni: 1, internalID: id } } }), "vpc/bad-id"] as const,
  ),
  ["id 00001", codes({ vpcs: { a: { vni: 1, internalID: "00001" } } }), ""],
  [
    "one id twice",
    codes({ vpcs: { a: { vni: 1, internalID: "AAAAA" }, b: { vni: 2, internalID: "AAAAA" } } }),
    "vpc/duplicate-id",
  ],
  [
    "a subnet without its length",
    codes({ vpcs: { a: { vni: 1, subnets: { s: { cidr: "10.0.0.0" } } } } }),
    "vpc/bad-subnet",
  ],
  // Peerings.
  [
    "peerings without VPCs",
    codes({ peerings: { p: { peering: { a: PLAIN, b: PLAIN } } } }),
    "peering/unknown-vpc, peering/unknown-vpc",
  ],
  ["neither VPCs nor peerings", codes({ vpcs: {} }), ""],
  [
    "a peering without a name",
    codes({ vpcs: VPCS, peerings: { "": {} } }),
    "shape/missing, shape/empty-name",
  ],
  ["a side without exposes", withPeering({}), "shape/missing"],
  ["a side with an empty list", withPeering({ expose: [] }), "peering/no-exposes"],
  [
    "an empty group",
    withPeering({ expose: [{ ips }] }, { gatewayGroup: "" }, { groups: {} }),
    "peering/unknown-group",
  ],
  [
    "a group that there is",
    withPeering({ expose: [{ ips }] }, { gatewayGroup: "g" }, { groups: { g: {} } }),
    "",
  ],
  // Exposes.
  ["default alone", withExpose({ default: true }), ""],
  ["default with empty lists", withExpose({ default: true, ips: [], as: [] }), ""],
  ["default with ips", withExpose({ default: true, ips }), "expose/default-with-addresses"],
  ["default with as", withExpose({ default: true, as }), "expose/default-with-addresses"],
  [
    "default with nat",
    withExpose({ default: true, nat: { static: {} } }),
    "expose/default-with-addresses",
  ],
  ["no ips", withExpose({}), "expose/no-ips"],
  ["empty ips", withExpose({ ips: [] }), "expose/no-ips"],
  ["an empty entry", withExpose({ ips: [{}] }), "expose/entry-form"],
  [
    "cidr and not in one entry",
    withExpose({ ips: [{ cidr: "10.1.0.0/24", not: "10.1.0.1/32" }] }),
    "expose/entry-form",
  ],
  ["a subnet of its VPC", withExpose({ ips: [{ vpcSubnet: "web" }] }), ""],
  ["a subnet of the peer", withExpose({ ips: [{ vpcSubnet: "db" }] }), "expose/unknown-subnet"],
  ["host bits", withExpose({ ips: [{ cidr: "10.1.0.9/24" }] }), ""],
  ["no length", withExpose({ ips: [{ cidr: "10.1.0.1" }] }), "expose/bad-prefix"],
  ["length 33", withExpose({ ips: [{ cidr: "10.1.0.0/33" }] }), "expose/bad-prefix"],
  ["nat without a mode", withExpose({ ips, as, nat: {} }), "expose/one-mode"],
  [
    "nat with two modes",
    withExpose({ ips, as, nat: { static: {}, masquerade: {} } }),
    "expose/one-mode",
  ],
  ["an empty entry of as", withExpose({ ips, as: [{}], nat: { static: {} } }), "expose/entry-form"],
  ["as without nat", withExpose({ ips, as }), "expose/as-without-nat"],
  ["nat without as", withExpose({ ips, nat: { static: {} } }), "expose/no-as"],
  ["no ports to forward", withExpose(forward()), "port-forward/no-ports"],
  ["an empty list of them", withExpose(forward([])), "port-forward/no-ports"],
  ["a port without as", withExpose(forward([{ port: "22" }])), "port-forward/bad-ports"],
  ["ports -5", withExpose(forward([{ port: "80,-5", as: "1" }])), "port-forward/bad-ports"],
  ["one for both protocols", withExpose(forward([{ proto: "", port: 22, as: 22 }])), ""],
  // ACLs.
  ["no rules", withRules(), "acl/no-rules"],
  ["rules without names", withRules(rule, rule), ""],
  [
    "two of one name",
    withRules({ ...rule, name: "web" }, { ...rule, name: "web" }),
    "acl/duplicate-name",
  ],
  ["no action", withRules({ from: "blue" }), "shape/missing"],
  [
    "cidr and subnet",
    withRules({ ...rule, match: { src: [{ cidr: "10.1.0.0/24", vpcSubnet: "web" }] } }),
    "acl/entry-form",
  ],
  [
    "a subnet of the receiver as dst",
    withRules({ ...rule, match: { dst: [{ vpcSubnet: "db" }] } }),
    "",
  ],
  [
    "a subnet of the receiver as src",
    withRules({ ...rule, match: { src: [{ vpcSubnet: "db" }] } }),
    "acl/unknown-subnet",
  ],
  ["protocol icmp", withRules({ ...rule, match: { proto: "icmp" } }), "acl/bad-protocol"],
  ["an empty protocol", withRules({ ...rule, match: { proto: "" } }), "acl/bad-protocol"],
  [
    "both families",
    withRules({ ...rule, match: { src: [{ cidr: "10.1.0.0/24" }], dst: [{ cidr: "1::/64" }] } }),
    "acl/mixed-families",
  ],
] as readonly (readonly [string, string, string])[]) {
  test(`${name}: ${expected || "accepted"}`, () => {
    assert.equal(found, expected);
  });
}
