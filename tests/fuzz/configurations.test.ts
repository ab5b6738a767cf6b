// Two thousand damaged configuration files, and a few in which every key and value in turn becomes
// something else: no exception, and whatever is refused says where and why.

import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { isNode, parseAllDocuments, visit } from "yaml";
import { type Random, seededRandom } from "../../src/base/random.ts";
import { loadConfig } from "../../src/config/load.ts";
import { natModes } from "../../src/nat/modes.ts";
import { gatewayOf } from "../support/gateway.ts";

const FILES = 2_000;
const SEED = Number(process.env["ISTHMUS_SEED"] ?? 20261123);

const originals = globSync([
  "examples/*.yaml",
  "examples/broken/*.yaml",
  "tests/stories/configs/*.yaml",
])
  .sort()
  .map((file) => readFileSync(file, "utf8"));
/** Files of several documents have most ways to be wrong. */
const objects = originals.filter((text) => text.includes("kind: "));
const words = [...new Set(originals.flatMap((text) => text.split(/[\s{}[\],:]+/)))].filter(Boolean);
const oddities = [
  "null",
  "~",
  "[]",
  "{}",
  "-1",
  "5",
  "0",
  "1e99",
  '""',
  "!!binary x",
  "&a",
  "*a",
  "<<",
  "true",
  "\t",
  "---",
  "...",
  "0.0.0.0/0",
  "::/0",
  "4294967296",
  "'",
  '"',
  "|",
  ">",
  "? ",
  "%YAML 9",
  "\u0000",
  "__proto__",
  "constructor",
  "1-65535",
  "99999",
  "2001:db8::/129",
];

/** Replaces, removes, repeats or swaps a few words, lines or characters. */
function damage(text: string, random: Random): string {
  let result = text;
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const at = random.below(result.length + 1);
    const lines = result.split("\n");
    const line = random.below(lines.length);
    const kind = random.below(8);
    const word = words[random.below(words.length)]!;
    if (kind === 0) result = result.slice(0, at) + result.slice(at + 1 + random.below(8));
    else if (kind === 1)
      result = `${result.slice(0, at)}${oddities[random.below(oddities.length)]}${result.slice(at)}`;
    else if (kind === 2) result = lines.toSpliced(line, 1).join("\n");
    else if (kind === 3)
      result = lines.toSpliced(line, 0, lines[random.below(lines.length)]!).join("\n");
    else if (kind === 4) result = result.replace(word, words[random.below(words.length)]!);
    else if (kind === 5) result = result.replace(word, oddities[random.below(oddities.length)]!);
    else if (kind === 6) result = `${result.slice(0, at)}${word}${result.slice(at)}`;
    else result = replaceToken(result, random);
  }
  return result;
}

/** Some value or key, as a whole, becomes something of another kind. */
function replaceToken(text: string, random: Random): string {
  const tokens = [...text.matchAll(/[^\s{}[\],:"]+/g)];
  const token = tokens[random.below(tokens.length || 1)];
  if (token === undefined) return text;
  const oddity = oddities[random.below(oddities.length)]!;
  return text.slice(0, token.index) + oddity + text.slice(token.index + token[0].length);
}

test(`${FILES} damaged configurations: no exception, every refusal has its place`, () => {
  const random = seededRandom(SEED);
  let accepted = 0;
  for (let i = 0; i < FILES; i++) {
    const from = random.below(4) === 0 ? objects : originals;
    const text = damage(from[random.below(from.length)]!, random);
    if (!isAccepted(text)) continue;
    accepted++;
    assert.equal(gatewayOf(text).generation, 1);
  }
  assert.ok(accepted > FILES / 20, `only ${accepted} were accepted`);
});

/** Loads it; every issue must have its place. */
function isAccepted(text: string): boolean {
  const lines = text.split("\n");
  const { config, issues } = loadConfig(text, "fuzz.yaml", natModes);
  assert.equal(
    config === undefined,
    issues.some(({ severity }) => severity === "error"),
  );
  for (const { place, message, hint, other } of issues) {
    assert.ok(message.length > 0 && hint.length > 0);
    for (const { file, line, column } of other ? [place, other.place] : [place]) {
      assert.equal(file, "fuzz.yaml");
      assert.ok(line >= 1 && line <= lines.length + 1, `line ${line} of ${lines.length}`);
      const length = lines[line - 1]?.length ?? 0;
      assert.ok(column >= 1 && column <= length + 1, `column ${column} of ${length}`);
    }
  }
  return config !== undefined;
}

const BARE = `agentVersion: x
communities: { "0": "50001:0" }
groups: { g: { members: [{ name: gw, priority: 1, vtepIP: 172.30.8.1/32 }] } }
gateway: { asn: 65101, flowTableCapacity: 1000, interfaces: { eth0: { ips: [10.9.0.1/31] } } }
vpcs:
  blue: { internalID: "00001", vni: 101, subnets: { web: { cidr: 10.0.0.0/24 } } }
  green: { vni: 102 }
peerings:
  blue--green:
    gatewayGroup: g
    peering:
      blue:
        hairpin: true
        expose:
          - ips: [{ vpcSubnet: web }, { not: 10.0.0.7/32 }]
            as: [{ cidr: 192.0.2.1/32 }]
            nat: { masquerade: { idleTimeout: 5m, ports: "1024-2047", mapping: endpoint-independent } }
      green:
        expose:
          - ips: [{ cidr: 10.0.0.5/32 }]
            as: [{ cidr: 198.51.100.5/32 }]
            nat: { portForward: { ports: [{ proto: tcp, port: "22", as: 2222 }] } }
          - ips: [{ cidr: 10.2.0.0/24, ports: "1-99" }]
            as: [{ cidr: 203.0.113.0/24, ports: "101-199" }]
            nat: { static: {} }
    acl:
      default: deny
      rules:
        - name: web
          from: blue
          action: allow
          match: { proto: tcp, src: [{ vpcSubnet: web }], dst: [{ ports: ["2222"] }] }
isthmus:
  attachments:
    - { vpc: blue, interface: eth1, address: 10.0.0.1/24 }
    - { vpc: green, vteps: [172.30.8.3, 172.30.8.4], address: "2001:db8::1/64" }
  routes:
    - { vpc: blue, to: 10.1.0.0/16, via: 10.0.0.7 }
    - { vpc: green, to: 10.3.0.0/16, vtep: 172.30.8.3, routerMac: 02:00:00:00:00:03 }
  interfaces: { eth1: { driver: af-xdp, promiscuous: true } }
  underlay: { interface: eth0, vtep: 172.30.8.1, vtepMac: 02:00:00:00:00:01 }
  vpcs: { green: { vtep: 172.30.8.2, routerMac: 02:00:00:00:00:02, addresses: [10.2.0.1], mtu: 1500 } }
  timers: { tcp: { opening: 4m }, rest: 120s }
  icmp: { perSecond: 10 }
`;
const AGENT = `kind: GatewayAgent\nmetadata: { name: gw }\nspec:\n${BARE.replace(/^(?=.)/gm, "  ")}`;
const OBJECTS = readFileSync("examples/kubernetes.yaml", "utf8");
const REPLACEMENTS = [
  "5",
  "null",
  "{}",
  "[]",
  '""',
  "__proto__",
  ".nan",
  "true",
  "{ toString: 5 }",
  "&x [*x]",
];

/** Every way to put something else in the place of one key or value, whatever it holds. */
function* replacedParts(text: string): Generator<string, undefined> {
  const ranges: [number, number][] = [];
  for (const document of parseAllDocuments(text)) {
    visit(document, (_, node) => {
      if (isNode(node) && node.range) ranges.push([node.range[0], node.range[1]]);
    });
  }
  for (const [start, end] of ranges) {
    const newline = text[end - 1] === "\n" ? "\n" : "";
    for (const each of REPLACEMENTS) yield text.slice(0, start) + each + newline + text.slice(end);
  }
  return undefined;
}

// What stands in the object of a whole stands bare too, so a part of it is enough.
for (const [form, text, step] of [
  ["a bare file", BARE, 1],
  ["a GatewayAgent", AGENT, 5],
  ["several objects", OBJECTS, 1],
] as const) {
  test(`parts of ${form} replaced: no exception, every refusal has its place`, () => {
    assert.ok(isAccepted(text));
    let [count, accepted] = [0, 0];
    for (const each of replacedParts(text)) {
      if (count++ % step !== 0) continue;
      if (isAccepted(each)) accepted++;
    }
    assert.ok(count > 500 && accepted < count / step / 2, `${accepted} of ${count} were accepted`);
  });
}
