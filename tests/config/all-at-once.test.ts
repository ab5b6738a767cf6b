// Every collision is told, whatever else is wrong, and as JSON too.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { loadConfig } from "../../src/config/load.ts";
import { natModes } from "../../src/nat/modes.ts";

function issuesOf(config: object) {
  return loadConfig(JSON.stringify(config), "x.yaml", natModes).issues;
}

const overlapping = (ips: string, as: string) => ({
  ips: [{ cidr: ips }],
  as: [{ cidr: as }],
  nat: { static: {} },
});

test("every pair of exposes that overlaps, on both sides", () => {
  const exposes = [
    overlapping("10.0.0.0/24", "192.0.2.0/24"),
    overlapping("10.0.0.0/25", "198.51.100.0/25"),
    overlapping("10.0.0.128/25", "192.0.2.0/25"),
    overlapping("10.9.0.0/24", "203.0.113.0/24"),
  ];
  const issues = issuesOf({
    vpcs: { a: { vni: 1 }, b: { vni: 2 } },
    peerings: {
      p: {
        peering: { a: { expose: exposes }, b: { expose: [{ ips: [{ cidr: "10.5.0.0/24" }] }] } },
      },
    },
  });
  const overlaps = issues.filter(({ code }) => code === "expose/overlap");
  assert.deepEqual(
    overlaps.map(({ path, message }) => `${path.slice(-2, -1)} ${message.slice(4, 11)}`),
    ["1 private", "2 private", "2 public "],
  );
});

test("a wrong ACL does not hide a collision between peers", () => {
  const peering = (other: string, acl?: object) => ({
    peering: {
      a: { expose: [{ ips: [{ cidr: "10.0.0.0/24" }] }] },
      [other]: { expose: [{ ips: [{ cidr: "10.1.0.0/24" }] }] },
    },
    ...(acl && { acl }),
  });
  const issues = issuesOf({
    vpcs: { a: { vni: 1 }, b: { vni: 2 }, c: { vni: 3 } },
    peerings: {
      ab: peering("b", { default: "alow", rules: [{ action: "allow", from: "a", to: "b" }] }),
      ac: peering("c"),
    },
  });
  assert.deepEqual(issues.map(({ code }) => code).sort(), [
    "peering/overlap-between-peers",
    "shape/wrong-value",
  ]);
});

test("issues are plain data", () => {
  const text = readFileSync("examples/broken/collisions.yaml", "utf8");
  const { issues } = loadConfig(text, "collisions.yaml", natModes);
  assert.deepEqual(
    JSON.parse(JSON.stringify(issues)),
    issues.map((each) => ({ ...each })),
  );
  assert.ok(issues.some(({ other }) => other !== undefined));
  for (const { other } of issues) {
    if (other) assert.deepEqual(Object.keys(other), ["path", "place"]);
  }
});

test("prefixes that only look like some", () => {
  const issues = issuesOf({
    vpcs: { a: { vni: 1, subnets: { x: { cidr: "2001:db8::/024" } } }, b: { vni: 2 } },
    peerings: {
      p: {
        peering: {
          a: { expose: [{ ips: [{ cidr: "::ffff:10.0.0.1/128" }] }] },
          b: { expose: [{ ips: [{ cidr: "2001:db8:5::/64" }] }] },
        },
      },
    },
  });
  assert.deepEqual(issues.map(({ code }) => code).sort(), ["expose/special-use", "vpc/bad-subnet"]);
});

test("a wrong protocol of an ACL rule does not hide its wrong addresses", () => {
  const side = (cidr: string) => ({ expose: [{ ips: [{ cidr }] }] });
  const match = { proto: "tcpp", src: [{ cidr: "10.0.0.0/33" }], dst: [{ vpcSubnet: "none" }] };
  const issues = issuesOf({
    vpcs: { a: { vni: 1 }, b: { vni: 2 } },
    peerings: {
      p: {
        peering: { a: side("10.0.0.0/24"), b: side("10.1.0.0/24") },
        acl: { rules: [{ action: "allow", from: "a", match }] },
      },
    },
  });
  assert.equal(issues.length, 3);
  assert.ok(issues.every(({ code }) => code.startsWith("acl/")));
});

const VPCS = { a: { vni: 1 }, b: { vni: 2 }, c: { vni: 3 } };
const plain = (cidr: string) => ({ expose: [{ ips: [{ cidr }] }] });

/** "code path", of a peering p between a and b with these rules. */
function issuesOfRules(...rules: object[]): string[] {
  const peering = { a: plain("10.0.0.0/24"), b: plain("10.1.0.0/24") };
  const issues = issuesOf({ vpcs: VPCS, peerings: { p: { peering, acl: { rules } } } });
  return issues.map(({ code, path }) => `${code} ${path.replace("peerings.p.acl.rules", "")}`);
}

test("a peering with three sides: what each exposes is checked", () => {
  const peering = { a: plain("10.0.0.0/33"), b: plain("10.1.0.0/24"), c: plain("127.0.0.0/8") };
  const acl = { rules: [{ action: "allow", from: "a", match: { proto: "icmp" } }] };
  const issues = issuesOf({ vpcs: VPCS, peerings: { p: { peering, acl } } });
  assert.deepEqual(issues.map(({ code }) => code).sort(), [
    "acl/bad-protocol",
    "expose/bad-prefix",
    "expose/special-use",
    "peering/two-sides",
  ]);
});

test("a wrong VPC of an ACL rule does not hide what is wrong with its match", () => {
  const match = {
    proto: "tcpp",
    src: [{ cidr: "10.0.0.0/33" }, { vpcSubnet: "not known whose" }],
    dst: [{ cidr: "1.1.1.0/24", ports: ["90-80", "x"] }],
  };
  assert.deepEqual(issuesOfRules({ action: "allow", from: "c", to: "d", match }).sort(), [
    "acl/bad-ports [0].match.dst[0].ports[0]",
    "acl/bad-ports [0].match.dst[0].ports[1]",
    "acl/bad-prefix [0].match.src[0].cidr",
    "acl/bad-protocol [0].match.proto",
    "acl/wrong-vpc [0].from",
    "acl/wrong-vpc [0].to",
  ]);
});

test("a part of an ACL rule whose shape is wrong does not hide the other parts", () => {
  const src = [5, { crid: "10.0.0.0/24" }, { cidr: "10.0.0.0/33" }];
  const match = { src, dst: [{ cidr: "10.1.0.0/24" }, { cidr: "2001:db8::/64", ports: ["80"] }] };
  assert.deepEqual(issuesOfRules({ actio: "allow", from: "a", match }).sort(), [
    "acl/bad-prefix [0].match.src[2].cidr",
    "acl/mixed-families [0].match",
    "acl/ports-without-protocol [0].match",
    "shape/unknown-key [0].actio",
    "shape/unknown-key [0].match.src[1].crid",
    "shape/wrong-type [0].match.src[0]",
  ]);
});
