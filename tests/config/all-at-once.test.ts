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

/** "code path" of what is wrong with one expose of a; the path from the expose on. */
function issuesOfExpose(expose: unknown): string[] {
  const peering = { a: { expose: [expose] }, b: plain("10.1.0.0/24") };
  const issues = issuesOf({ vpcs: VPCS, peerings: { p: { peering } } });
  const start = "peerings.p.peering.a.expose[0]";
  return issues.map(({ code, path }) => `${code} ${path.replace(start, "")}`).sort();
}

test("a wrong protocol of a forwarded port does not hide wrong ports and times", () => {
  const ports = [{ proto: "icmp", port: "0", as: "99999" }, 5, { prot: "tcp", as: "x" }];
  const nat = { portForward: { idleTimeout: "soon", ports } };
  const expose = { ips: [{ cidr: "10.0.0.1/32" }], as: [{ cidr: "1.0.0.1/32" }], nat };
  assert.deepEqual(issuesOfExpose(expose), [
    "nat/bad-duration .nat.portForward.idleTimeout",
    "port-forward/bad-ports .nat.portForward.ports[0].as",
    "port-forward/bad-ports .nat.portForward.ports[0].port",
    "port-forward/bad-ports .nat.portForward.ports[2].as",
    "shape/unknown-key .nat.portForward.ports[2].prot",
    "shape/wrong-type .nat.portForward.ports[1]",
    "shape/wrong-value .nat.portForward.ports[0].proto",
  ]);
});

test("a wrong option of masquerade does not hide the others", () => {
  const nat = { masquerade: { mapping: "none", ports: "0-1", idleTimeout: "soon" } };
  const expose = { ips: [{ cidr: "10.0.0.1/32" }], as: [{ cidr: "1.0.0.1/32" }], nat };
  assert.deepEqual(issuesOfExpose(expose), [
    "masquerade/bad-ports .nat.masquerade.ports",
    "nat/bad-duration .nat.masquerade.idleTimeout",
    "shape/wrong-value .nat.masquerade.mapping",
  ]);
});

test("a misspelt mode does not hide wrong addresses", () => {
  const ips = [{ cidr: "10.0.0.0/24" }, 7, { cidr: "10.0.0.0/33", ports: "90-80" }];
  const expose = { ips, as: [{ cidr: "127.0.0.1/32" }], nat: { sttaic: {} } };
  assert.deepEqual(issuesOfExpose(expose), [
    "expose/bad-ports .ips[2].ports",
    "expose/bad-prefix .ips[2].cidr",
    "expose/special-use .as",
    "shape/unknown-key .nat.sttaic",
    "shape/wrong-type .ips[1]",
  ]);
});

test("a wrong key of a VPC does not hide its wrong VNI, id and subnets", () => {
  const blue = { vni: 0, internalID: "x", subnet: 5, subnets: { web: { cidr: "x" }, db: 5 } };
  const issues = issuesOf({ vpcs: { blue } });
  assert.deepEqual(issues.map(({ code, path }) => `${code} ${path}`).sort(), [
    "shape/unknown-key vpcs.blue.subnet",
    "shape/wrong-type vpcs.blue.subnets.db",
    "vpc/bad-id vpcs.blue.internalID",
    "vpc/bad-subnet vpcs.blue.subnets.web.cidr",
    "vpc/bad-vni vpcs.blue.vni",
  ]);
});

test("the entries of a list are counted as people count", () => {
  const expose = [{ ips: [{ cidr: "10.0.0.0/24" }, 5] }, null];
  const peering = { a: { expose }, b: plain("10.1.0.0/24") };
  assert.deepEqual(
    issuesOf({ vpcs: VPCS, peerings: { p: { peering } } }).map(({ message }) => message),
    [
      "Entry 2 of ips is the number 5, but must be a mapping.",
      "Entry 2 of expose is empty, but must be a mapping.",
    ],
  );
});

test("a peering given twice is told, also when both are wrong", () => {
  const peering = { a: { expose: [] }, b: plain("10.0.0.0/33") };
  const issues = issuesOf({ vpcs: VPCS, peerings: { p: { peering }, q: { peering } } });
  const [duplicate, ...more] = issues.filter(({ code }) => code === "peering/duplicate");
  assert.deepEqual([more.length, duplicate?.path], [0, "peerings.q"]);
  assert.equal(duplicate?.other?.path, "peerings.p");
  assert.equal(issues.length, 5);
});
