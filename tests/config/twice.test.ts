// What a file gives twice: both places are told, and everything else is checked all the same.

import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "../../src/config/load.ts";
import { natModes } from "../../src/nat/modes.ts";

/** "line:column code path < line:column of the other place". */
function issuesOf(text: string): string[] {
  return loadConfig(text, "x.yaml", natModes).issues.map(({ place, code, path, other }) => {
    const there = other ? ` < ${other.place.line}:${other.place.column}` : "";
    return `${place.line}:${place.column} ${code} ${path}${there}`;
  });
}

test("a key twice is named with both places, and the other checks go on", () => {
  const text = `vpcs:
  blue: { vni: 101 }
  green: { vni: 0 }
  blue: { vni: 102 }
  blue: { vni: 103 }
peerings:
  p:
    peering:
      blue: { expose: [{ ips: [{ cidr: 10.0.0.0/33 }] }] }
      green: { expose: [{ ips: [{ cidr: 10.1.0.0/24, cidr: 10.2.0.0/24 }] }] }
vpcs: {}
`;
  assert.deepEqual(issuesOf(text), [
    "3:12 vpc/bad-vni vpcs.green.vni",
    "4:3 yaml/duplicate-key vpcs.blue < 2:3",
    "5:3 yaml/duplicate-key vpcs.blue < 2:3",
    "9:34 expose/bad-prefix peerings.p.peering.blue.expose[0].ips[0].cidr",
    "10:54 yaml/duplicate-key peerings.p.peering.green.expose[0].ips[0].cidr < 10:35",
    "11:1 yaml/duplicate-key vpcs < 1:1",
  ]);
  const { issues } = loadConfig(text, "x.yaml", natModes);
  assert.deepEqual(
    issues.filter(({ code }) => code === "yaml/duplicate-key").map(({ message }) => message),
    [
      'vpcs has the key "blue" twice.',
      'vpcs has the key "blue" twice.',
      'Entry 1 of ips has the key "cidr" twice.',
      'The file has the key "vpcs" twice.',
    ],
  );
});

test("a key twice inside an object has the path that it has in the whole", () => {
  const text = "kind: VPCInfo\nmetadata: { name: blue }\nspec: { vni: 1, vni: 2 }\n";
  assert.deepEqual(issuesOf(text), ["3:17 yaml/duplicate-key vpcs.blue.vni < 3:9"]);
});

test("two documents that give the same thing are told with both places", () => {
  const vpc = "kind: VPCInfo\nmetadata: { name: a }\nspec: { vni: 1 }\n";
  const peering = "kind: GatewayPeering\nmetadata: { name: p }\nspec: { peering: {} }\n";
  const text = [vpc, vpc, peering, peering, "agentVersion: x\n", "agentVersion: y\n"].join("---\n");
  assert.deepEqual(issuesOf(text), [
    "6:13 vpc/duplicate-name vpcs.a < 2:13",
    "11:9 peering/two-sides peerings.p.peering",
    "14:13 peering/duplicate-name peerings.p < 10:13",
    "19:1 shape/mixed-documents agentVersion < 17:1",
  ]);
});

test("a document that means nothing does not hide mistakes in the others", () => {
  const text =
    "kind: Gatway\n---\n- 5\n---\nkind: VPCInfo\nmetadata: { name: a }\nspec: { vni: 0 }\n";
  assert.deepEqual(issuesOf(text), [
    "1:1 shape/unknown-kind kind",
    "3:1 shape/mixed-documents ",
    "7:9 vpc/bad-vni vpcs.a.vni",
  ]);
});

test("VPCs may be given one by one beside others in a mapping, in any order", () => {
  const one = "kind: VPCInfo\nmetadata: { name: a }\nspec: { vni: 1 }\n";
  const rest = "vpcs: { b: { vni: 2 } }\n";
  for (const text of [`${one}---\n${rest}`, `${rest}---\n${one}`]) {
    const { config, issues } = loadConfig(text, "x.yaml", natModes);
    assert.deepEqual(issues, []);
    assert.deepEqual(
      config?.vpcs.map(({ name }) => name),
      ["a", "b"],
    );
  }
});

test("an object without a name is told once", () => {
  for (const metadata of ["metadata: {}\n", "metadata: { name: 5 }\n", ""]) {
    const text = `kind: VPCInfo\n${metadata}spec: { vni: 1 }\n`;
    assert.deepEqual(
      issuesOf(text).map((issue) => issue.replace(/^\S+ /, "")),
      ["shape/empty-name vpcs."],
    );
  }
});
