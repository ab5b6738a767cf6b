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
