// The part of a configuration that only this gateway has, and where documents are put together.

import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "../../src/config/load.ts";
import { natModes } from "../../src/nat/modes.ts";

const VPCS = { blue: { vni: 101 }, green: { vni: 102 } };

function issuesOf(config: object): string[] {
  return loadConfig(JSON.stringify(config), "", natModes).issues.map(
    ({ code, path }) => `${code} ${path}`,
  );
}

for (const [address, good] of [
  ["10.0.0.1", true],
  ["224.0.0.1", false],
  ["255.255.255.255", false],
  ["127.0.0.1", false],
  ["0.0.0.0", false],
  ["2001:db8::1", false],
  ["10.0.0.1/24", false],
] as const) {
  test(`VTEP ${address} is ${good ? "accepted" : "refused"}`, () => {
    const underlay = { interface: "eth0", vtep: address };
    const far = good ? "10.0.0.2" : address;
    const vpcs = { blue: { vtep: far, routerMac: "02:00:00:00:00:01" } };
    const expected = ["isthmus.underlay.vtep", "isthmus.vpcs.blue.vtep"];
    assert.deepEqual(
      issuesOf({ vpcs: VPCS, isthmus: { underlay, vpcs } }),
      good ? [] : expected.map((path) => `isthmus/bad-address ${path}`),
    );
  });
}

for (const [address, good] of [
  ["10.0.0.1/24", true],
  ["10.0.0.0/31", true],
  ["10.0.0.1/31", true],
  ["10.0.0.0/32", true],
  ["2001:db8::1/64", true],
  ["2001:db8::ffff:ffff:ffff:ffff/64", true],
  ["10.0.0.0/24", false],
  ["10.0.0.255/24", false],
  ["2001:db8::/64", false],
  ["ff02::1/64", false],
  ["224.0.0.1/24", false],
  ["10.0.0.1", false],
  ["10.0.0.1/33", false],
] as const) {
  test(`attachment address ${address} is ${good ? "accepted" : "refused"}`, () => {
    const attachments = [{ vpc: "blue", interface: "eth1", address }];
    assert.deepEqual(
      issuesOf({ vpcs: VPCS, isthmus: { attachments } }),
      good ? [] : ["isthmus/bad-address isthmus.attachments[0].address"],
    );
  });
}

for (const [api, issue] of [
  [{}, undefined],
  [{ socket: false }, undefined],
  [{ socket: "/run/a b.sock" }, undefined],
  [{ socket: `/${"x".repeat(106)}` }, undefined],
  [{ socket: `/${"x".repeat(107)}` }, "isthmus/bad-api-socket isthmus.api.socket"],
  [{ socket: "run.sock" }, "isthmus/bad-api-socket isthmus.api.socket"],
  [{ socket: "/run/" }, "isthmus/bad-api-socket isthmus.api.socket"],
  [{ socket: "/run/\0" }, "isthmus/bad-api-socket isthmus.api.socket"],
  [{ socket: true }, "shape/wrong-type isthmus.api.socket"],
  [{ listen: "127.0.0.1:1" }, undefined],
  [{ listen: "127.9.9.9:65535" }, undefined],
  [{ listen: "[::1]:9477" }, undefined],
  [{ listen: "127.0.0.1" }, "isthmus/bad-api-listen isthmus.api.listen"],
  [{ listen: "127.0.0.1:0" }, "isthmus/bad-api-listen isthmus.api.listen"],
  [{ listen: "127.0.0.1:65536" }, "isthmus/bad-api-listen isthmus.api.listen"],
  [{ listen: "::1:9477" }, "isthmus/bad-api-listen isthmus.api.listen"],
  [{ listen: "[127.0.0.1]:9477" }, "isthmus/bad-api-listen isthmus.api.listen"],
  [{ listen: "0.0.0.0:9477" }, "isthmus/no-api-token isthmus.api.listen"],
  [{ listen: "[::]:9477" }, "isthmus/no-api-token isthmus.api.listen"],
  [{ listen: "0.0.0.0:9477", token: "0123456789abcdef" }, undefined],
  [{ listen: "0.0.0.0:9477", token: "0123456789abcde" }, "isthmus/bad-api-token isthmus.api.token"],
  [{ token: `${"x".repeat(20)}\n` }, "isthmus/bad-api-token isthmus.api.token"],
] as const) {
  test(`API ${JSON.stringify(api).slice(0, 60)} is ${issue ?? "accepted"}`, () => {
    assert.deepEqual(issuesOf({ vpcs: VPCS, isthmus: { api } }), issue ? [issue] : []);
  });
}

for (const [flows, good] of [
  [1, true],
  [2147483647, true],
  [0, false],
  [-1, false],
  [2147483648, false],
  [1.5, false],
  ["many", false],
] as const) {
  test(`${flows} flows of a VPC are ${good ? "accepted" : "refused"}`, () => {
    const kind = Number.isInteger(flows) ? "shape/wrong-value" : "shape/wrong-type";
    assert.deepEqual(
      issuesOf({ vpcs: VPCS, isthmus: { vpcs: { blue: { flows } } } }),
      good ? [] : [`${kind} isthmus.vpcs.blue.flows`],
    );
  });
}

for (const [config, path] of [
  [{ vpcs: { "a\u0000b": { vni: 7 } } }, "vpcs.a\u0000b"],
  [{ vpcs: { "a b": { vni: 7 } } }, "vpcs.a b"],
  [{ vpcs: { "": { vni: 7 } } }, "vpcs."],
  [{ vpcs: { a: { vni: 7, subnets: { "x\u001by": {} } } } }, "vpcs.a.subnets.x\u001by"],
  [{ vpcs: VPCS, groups: { "g\u200b": {} } }, "groups.g\u200b"],
] as const) {
  test(`${JSON.stringify(path)} is no name`, () => {
    assert.deepEqual(issuesOf(config), [`shape/empty-name ${path}`]);
  });
}

test("an ACL rule has a name that can be seen", () => {
  const side = (cidr: string) => ({ expose: [{ ips: [{ cidr }] }] });
  const rule = { from: "blue", action: "allow", name: "a\u0007b" };
  const peering = { blue: side("10.0.0.0/24"), green: side("20.0.0.0/24") };
  const peerings = { p: { peering, acl: { rules: [rule] } } };
  assert.deepEqual(issuesOf({ vpcs: VPCS, peerings }), [
    "shape/empty-name peerings.p.acl.rules[0].name",
  ]);
});

for (const [text, message] of [
  ["kind: GatewayAgent", "The GatewayAgent has no spec."],
  ["kind: GatewayAgent\nspec: 5", "The GatewayAgent has a spec that is no mapping."],
  ["- a", "The file is a list, but must be a mapping."],
  ["vpcs: !!set {a}", "vpcs is a set, but must be a mapping."],
  ["vpcs: { a: { vni: !!binary aGk= } }", "vni is binary data, but must be a number."],
  [
    "vpcs: !!omap [{ a: { vni: 1 } }]",
    "vpcs is an ordered mapping (!!omap), but must be a mapping.",
  ],
  ["vpcs: { ? [a, b] : { vni: 1 } }", "A key is a list or a mapping, but must be text."],
  ["kind: Gateway\nspec: 5", "The Gateway has a spec that is no mapping."],
  ["kind: [a]", "kind is a list, but must be text."],
  ["vpcs: *a", "The alias *a repeats a value that is marked nowhere before it."],
  ["vpcs: !foo { a: { vni: 1 } }", "The tag !foo means nothing here."],
  ["5\n---\nvpcs: {}", "A document of the file is the number 5, but must be a mapping."],
  ["vpcs: { a: { vni: .nan } }", "vni is .nan, but must be a number."],
] as const) {
  test(`${text.replaceAll("\n", "; ")}: ${message}`, () => {
    const { issues } = loadConfig(text, "", natModes);
    assert.deepEqual(
      issues.map((issue) => issue.message),
      [message],
    );
  });
}

test("all ports of a prefix are no restriction", () => {
  const side = (cidr: string) => ({ expose: [{ ips: [{ cidr }] }] });
  const rule = (dst: object) => ({
    vpcs: VPCS,
    peerings: {
      p: {
        peering: { blue: side("10.0.0.0/24"), green: side("20.0.0.0/24") },
        acl: { rules: [{ from: "blue", action: "allow", match: { dst: [dst] } }] },
      },
    },
  });
  assert.deepEqual(issuesOf(rule({ cidr: "20.0.0.0/24", ports: ["0-65535"] })), []);
  assert.deepEqual(issuesOf(rule({ ports: ["0-65535"] })), [
    "acl/ports-without-protocol peerings.p.acl.rules[0].match",
  ]);
});
