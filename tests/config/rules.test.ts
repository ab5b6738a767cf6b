// The rules for exposes and peerings, one line each: what must be refused, and the near misses that
// must be accepted.

import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "../../src/config/load.ts";
import { natModes } from "../../src/nat/modes.ts";

type Spec = Record<string, unknown>;

/** "10.0.0.0/24", "!10.0.0.0/30", "10.0.0.0/24:80-90"; several apart by blanks. */
function entries(text: string, withPorts: boolean): Spec[] {
  return text
    .trim()
    .split(/\s+/)
    .filter((word) => word !== "")
    .map((word) => {
      const [, not, prefix, ports] = /^(!?)(.*\/\d+)(?::([\d,-]+))?$/.exec(word) ?? [];
      return { [not ? "not" : "cidr"]: prefix, ...(ports && withPorts ? { ports } : {}) };
    });
}

/** "10.0.0.0/16", "S 10.0.0.0/16 > 2.0.0.0/16", "M …", "PF 10.0.0.1/32:80 > 2.0.0.1/32:8080 tcp",
 * "default". */
function expose(text: string): Spec {
  if (text === "default") return { default: true };
  const [, mode = "", ips = "", as = "", proto = ""] =
    /^(?:(S|M|PF) )?([^>]*)(?:>(.*?))?(?: (tcp|udp))?$/.exec(text) ?? [];
  if (mode === "") return { ips: entries(ips, true) };
  const port = (side: string) => /:([\d,-]+)/.exec(side)?.[1];
  const nat = {
    S: { static: {} },
    M: { masquerade: {} },
    PF: { portForward: { ports: [{ proto, port: port(ips), as: port(as) }] } },
  }[mode];
  const withPorts = mode !== "PF";
  return { ips: entries(ips, withPorts), as: entries(as, withPorts), nat };
}

/** Codes of all issues of a peering between the two sides; exposes apart by "|". */
function codes(left: string, right: string): string[] {
  const side = (text: string) => ({ expose: text.split("|").map((each) => expose(each.trim())) });
  const config = {
    vpcs: { blue: { vni: 101 }, green: { vni: 102 } },
    peerings: { p: { peering: { blue: side(left), green: side(right) } } },
  };
  return loadConfig(JSON.stringify(config), "", natModes).issues.map(({ code }) => code);
}

const FAR = "99.0.0.0/24";
const FAR6 = "2001:db8:99::/64";

for (const [left, right, expected] of [
  // One expose.
  ["10.0.0.0/16", FAR, ""],
  ["10.0.0.0/16 1::/64", FAR, "expose/mixed-families"],
  ["S 10.0.0.0/16 > 1::/112", FAR, "expose/mixed-families"],
  ["S 1::/64 > 2::/64", FAR6, ""],
  ["10.0.0.0/24:0-80", FAR, "expose/port-zero"],
  ["10.0.0.0/16:1-65535", FAR, ""],
  ["10.0.0.0/16:0-65535", FAR, ""],
  ["10.0.0.0/16 !8.0.0.0/24", FAR, "expose/useless-exclusion"],
  ["10.0.0.0/16:5001-6000 !10.0.0.0/24", FAR, ""],
  ["S 10.0.0.0/16 10.0.0.0/17 > 2.0.0.0/17 2.0.0.0/16", FAR, ""],
  ["10.0.0.0/24:80 10.0.0.0/24:443", FAR, ""],
  ["0.0.0.0/32", FAR, "expose/special-use"],
  ["169.254.1.2/32", FAR, "expose/special-use"],
  ["224.0.0.0/4", FAR, "expose/special-use"],
  ["224.0.0.0/3 !240.0.0.0/4", FAR, "expose/special-use"],
  ["0.0.0.0/0", FAR, "expose/special-use"],
  ["::1/128", FAR6, "expose/special-use"],
  ["fe80::1/128", FAR6, "expose/special-use"],
  ["223.0.0.0/8", FAR, ""],
  ["192.0.0.0/2 !224.0.0.0/3", FAR, ""],
  ["M 10.0.0.0/24 > 255.255.255.255/32", FAR, "expose/special-use"],
  ["10.0.0.0/16 !10.0.0.0/17 !10.0.128.0/17", FAR, "expose/nothing-left"],
  ["M 10.0.0.0/16 > 2.0.0.0/8 !0.0.0.0/0", FAR, "expose/nothing-left"],
  ["!10.0.1.0/24", FAR, "expose/no-ips"],
  ["S 10.0.0.0/24", FAR, "expose/no-as"],
  ["M 10.0.0.0/24 > !2.0.0.0/24", FAR, "expose/no-as"],
  ["::/0", FAR6, "expose/special-use"],
  ["::/128", FAR6, "expose/special-use"],
  ["ff02::1/128", FAR6, "expose/special-use"],
  ["127.0.0.0/8 | 169.254.0.0/16", FAR, "expose/special-use, expose/special-use"],
  ["100.64.0.0/10 192.0.0.0/24 198.51.100.0/24", FAR, ""],
  ["10.0.0.0/16:5001-6000 !10.0.0.0/17:5001-6000 !10.0.128.0/17", FAR, "expose/nothing-left"],
  ["10.0.0.0/16:5001-6000 !10.0.0.0/17:5001-5500 !10.0.128.0/17", FAR, ""],
  // Static NAT.
  ["S 10.0.0.0/25 10.0.2.128/25 !10.0.0.7/32 > 2.0.0.0/24 !2.0.0.9/32", FAR, ""],
  ["S 10.0.0.0/16 !10.0.1.0/24 > 2.0.0.0/24", FAR, "static/size-mismatch"],
  ["S 10.0.0.0/16 !10.0.0.0/24 > 2.0.0.0/16 !2.0.0.0/24", FAR, ""],
  ["S 10.0.0.0/16:5001-6000 > 2.0.0.0/16:8001-9000", FAR, ""],
  ["S 10.0.0.0/16:5001-6000 > 2.0.0.0/24:8001-9000", FAR, "static/size-mismatch"],
  ["S 10.0.2.0/24 > 100.64.1.0/25 100.64.2.0/25", FAR, ""],
  // Masquerade and port forwarding.
  ["M 10.0.0.0/24:80 > 2.0.0.0/24", FAR, "masquerade/ports"],
  ["M 10.0.0.0/8 > 2.0.0.0/32", FAR, ""],
  ["PF 10.0.0.0/24:80 > 2.0.0.0/24:8080 tcp", FAR, ""],
  ["PF 10.0.0.0/24:80 > 2.0.0.0/25:8080 tcp", FAR, "port-forward/size-mismatch"],
  ["PF 10.0.0.0/24:80 > 2.0.0.0/25:8080-8081 tcp", FAR, "port-forward/size-mismatch"],
  ["PF 10.0.0.0/25 10.0.0.128/25:80 > 2.0.0.0/24:8080 tcp", FAR, ""],
  ["PF 10.0.0.1/32 10.0.0.3/32:80 > 2.0.0.0/31:8080 tcp", FAR, "port-forward/several-prefixes"],
  ["PF 10.0.0.0/31 !10.0.0.1/32:80 > 2.0.0.1/32:8080 tcp", FAR, "port-forward/exclusion"],
  ["PF 10.0.0.1/32:80,443 > 2.0.0.1/32:80,443 tcp", FAR, "port-forward/several-prefixes"],
  ["PF 10.0.0.1/32:80,81 > 2.0.0.1/32:8080-8081 tcp", FAR, ""],
  ["PF 10.0.0.1/32:1-65535 > 2.0.0.1/32:1-65535 tcp", FAR, ""],
  [
    "PF 10.0.0.1/32:0-65535 > 2.0.0.1/32:90-80 tcp",
    FAR,
    "port-forward/bad-ports, port-forward/bad-ports",
  ],
  ["PF 10.0.0.1/32:80 > 2001:db8::1/128:80 tcp", FAR, "expose/mixed-families"],
  ["M 10.0.0.0/24 > 2.0.0.0/24:8001-9000", FAR, "masquerade/ports"],
  // Two exposes of one side.
  ["default | 10.0.0.0/24 | default", FAR, "peering/several-defaults"],
  ["S 1.0.0.0/16 3.0.0.0/16 > 11.0.0.0/16 13.0.0.0/16 | 12.0.0.0/16", FAR, ""],
  ["S 1.0.0.0/16 3.0.0.0/16 > 11.0.0.0/16 13.0.0.0/16 | 11.0.2.0/24", FAR, "expose/overlap"],
  ["S 1.0.0.0/16 3.0.0.0/16 > 11.0.0.0/16 13.0.0.0/16 | 3.0.3.0/24", FAR, "expose/overlap"],
  ["10.0.0.0/16 | 10.1.0.0/16", FAR, ""],
  ["10.0.0.0/16 | 10.0.1.0/24", FAR, "expose/overlap"],
  ["10.0.0.0/16 | S 10.0.0.0/16 > 2.0.0.0/16", FAR, "expose/overlap"],
  ["2.0.0.0/16 | S 10.0.0.0/16 > 2.0.0.0/16", FAR, "expose/overlap"],
  ["10.0.0.0/16 | M 10.0.0.0/16 > 2.0.0.0/16", FAR, "expose/overlap"],
  ["2.0.0.0/16 | M 10.0.0.0/16 > 2.0.0.0/16", FAR, "expose/overlap"],
  ["10.0.0.0/16 | PF 10.0.0.1/32:80 > 2.0.0.1/32:8080 tcp", FAR, "expose/overlap"],
  ["2.0.0.0/16 | PF 10.0.0.1/32:80 > 2.0.0.1/32:8080 tcp", FAR, "expose/overlap"],
  ["S 10.0.0.0/16 > 2.0.0.0/16 | S 10.1.0.0/16 > 2.1.0.0/16", FAR, ""],
  ["S 10.0.0.0/16 > 2.0.0.0/16 | S 10.0.0.0/16 > 2.1.0.0/16", FAR, "expose/overlap"],
  ["S 10.0.0.0/16 > 2.0.0.0/16 | S 10.1.0.0/16 > 2.0.0.0/16", FAR, "expose/overlap"],
  ["S 10.0.0.0/16 > 2.0.0.0/16 | M 10.0.0.0/16 > 3.0.0.0/16", FAR, "expose/overlap"],
  ["S 10.0.0.0/16 > 2.0.0.0/16 | M 10.1.0.0/16 > 2.0.0.0/16", FAR, "expose/overlap"],
  ["S 10.0.0.0/16 > 2.0.0.0/16 | PF 10.0.0.1/32:80 > 3.0.0.1/32:8080 tcp", FAR, "expose/overlap"],
  ["S 10.0.0.0/16 > 2.0.0.0/16 | PF 10.1.0.1/32:80 > 2.0.0.1/32:8080 tcp", FAR, "expose/overlap"],
  ["M 10.0.0.0/16 > 2.0.0.0/24 | M 10.0.0.0/16 > 3.0.0.0/24", FAR, "expose/overlap"],
  ["M 10.0.0.0/16 > 2.0.0.0/16 | M 10.1.0.0/16 > 2.0.1.0/24", FAR, "expose/overlap"],
  [
    "PF 10.0.0.1/32:80 > 2.0.0.1/32:8080 tcp | PF 10.0.0.1/32:80 > 3.0.0.1/32:8080 tcp",
    FAR,
    "expose/overlap",
  ],
  ["PF 10.0.0.1/32:80 > 2.0.0.1/32:8080 tcp | PF 10.1.0.1/32:90 > 2.0.0.1/32:9090 tcp", FAR, ""],
  ["PF 10.0.0.1/32:80 > 2.0.0.1/32:8080 tcp | PF 10.0.0.1/32:80 > 2.0.0.1/32:8080 udp", FAR, ""],
  [
    "PF 10.0.0.1/32:80 > 2.0.0.1/32:8080 tcp | PF 10.0.0.1/32:80 > 2.0.0.1/32:8080",
    FAR,
    // On the private side and on the public one.
    "expose/overlap, expose/overlap",
  ],
  ["M 10.0.0.0/24 > 2.0.0.0/24 | PF 10.0.0.1/32:80 > 2.0.0.1/32:8080 tcp", FAR, ""],
  ["M 10.0.0.0/25 > 2.0.0.0/25 | PF 10.0.0.0/24:80 > 3.0.0.0/24:8080 tcp", FAR, ""],
  ["10.0.0.0/16 | default", FAR, ""],
  ["10.0.0.0/24 | 2001:db8::/64", `${FAR} | ${FAR6}`, ""],
  // The two sides.
  ["default", "default", "peering/default-to-default"],
  ["default | 10.0.0.0/24", "20.0.0.0/24 | default", "peering/default-to-default"],
  ["10.0.0.0/16", "default", ""],
  ["10.0.0.0/24", FAR6, "peering/no-common-family"],
  ["10.0.0.0/24 | 2001:db8::/64", FAR, "peering/family-without-peer"],
  ["2001:db8::/64", "default", ""],
  ["S 10.0.0.0/24 > 2.0.0.0/24", "S 10.0.0.0/24 > 3.0.0.0/24", ""],
  ["S 10.0.0.0/24 > 2.0.0.0/24", "M 10.0.0.0/24 > 3.0.0.0/32", ""],
  ["S 10.0.0.0/24 > 2.0.0.0/24", "PF 10.0.0.1/32:80 > 3.0.0.1/32:80 tcp", ""],
  ["M 10.0.0.0/24 > 2.0.0.0/32", "PF 10.0.0.1/32:80 > 3.0.0.1/32:80 tcp", ""],
  ["M 10.0.0.0/24 > 2.0.0.0/32", "M 10.0.0.0/24 > 3.0.0.0/32", "peering/nobody-can-open"],
  [
    "PF 10.0.0.1/32:80 > 2.0.0.1/32:80 tcp",
    "PF 10.0.0.1/32:80 > 3.0.0.1/32:80 tcp",
    "peering/nobody-can-open",
  ],
] as const) {
  test(`${left}  facing  ${right}: ${expected || "accepted"}`, () => {
    assert.deepEqual(codes(left, right), expected === "" ? [] : expected.split(", "));
  });
}

const FULL = `
agentVersion: ""
config: { fabricBFD: true }
communities: { "0": "50001:0", "1": "50001:1" }
groups:
  default:
    members:
      - { name: one, priority: 20, vtepIP: 172.30.8.1/32 }
      - { name: two, priority: 10, vtepIP: 172.30.8.2/32 }
gateway:
  asn: 65101
  protocolIP: 172.30.9.1/32
  vtepIP: 172.30.8.1/32
  vtepMAC: ca:fe:ba:be:00:01
  flowTableCapacity: 2000000
  interfaces: { port1: { ips: [172.30.128.1/31], mtu: 9036, pci: "0000:01:00.0" } }
  neighbors: [{ ip: 172.30.128.0, asn: 65100, source: port1 }]
  logs: { default: info, tags: { nat: debug }, rateLimit: {} }
vpcs:
  blue: { internalID: "00001", vni: 101, subnets: { s1: { cidr: 10.10.1.0/24 } } }
  out: { internalID: "00003", vni: 103, subnets: { external: { cidr: 0.0.0.0/0 } } }
peerings:
  blue--out:
    gatewayGroup: default
    peering:
      blue:
        expose:
          - ips: [{ vpcSubnet: s1 }]
            as: [{ cidr: 198.51.100.8/32 }]
            nat: { masquerade: { idleTimeout: 5m0s } }
      out: { expose: [{ default: true }] }
`;

test("a whole specification of the reference format loads, bare and in its object", () => {
  const bare = loadConfig(FULL, "", natModes);
  assert.deepEqual(bare.issues, []);
  assert.equal(bare.config?.flowTableCapacity, 2_000_000);
  const inside = FULL.split("\n").map((line) => `  ${line}`);
  const object = `apiVersion: v1\nkind: GatewayAgent\nmetadata: { name: gw }\nspec:\n${inside.join("\n")}`;
  const wrapped = loadConfig(object, "", natModes);
  assert.deepEqual(wrapped.issues, []);
  assert.equal(wrapped.config?.peerings.length, 1);
});

test("a flow table larger than there is room for is refused where it stands", () => {
  const text = (flows: number) =>
    `gateway: { flowTableCapacity: ${flows} }\nvpcs: { a: { vni: 1 } }`;
  assert.deepEqual(loadConfig(text(2 ** 25), "c.yaml", natModes).issues, []);
  const [issue] = loadConfig(text(2 ** 25 + 1), "c.yaml", natModes).issues;
  assert.equal(issue?.code, "gateway/bad-capacity");
});

test("nothing behind a last --- is nothing", () => {
  assert.deepEqual(loadConfig("vpcs: { blue: { vni: 1 } }\n...\n---\n", "", natModes).issues, []);
});

for (const text of [
  "vpcs: 5\n---\nkind: VPCInfo\nmetadata: { name: a }\nspec: { vni: 1 }\n",
  "kind: { toString: 5 }\n",
  "vpcs: { a: { vni: 1, internalID: { toString: 5 } } }\n",
  "vpcs: { a: { vni: 1 } }\nisthmus: { attachments: [{ vpc: a, interface: b, address: { toString: 5 } }] }\n",
  "vpcs: {}\nisthmus: { timers: { preset: { toString: 5 } } }\n",
  "vpcs: {}\nisthmus: { timers: { preset: &x [*x] } }\n",
  "groups: { g: {} }\npeerings: { p: { gatewayGroup: 5, peering: {} } }\n",
  "peerings: { __proto__: { peering: { a: { expose: [{ ips: [{ cidr: !!set { b } }] }] } } } }\n",
  "groups: { g: {} }\npeerings: { p: { gatewayGroup: null, peering: {} } }\n",
]) {
  test(`${JSON.stringify(text)} is refused without an exception`, () => {
    assert.equal(loadConfig(text, "", natModes).config, undefined);
  });
}

test("a VPC is not lost by its name", () => {
  const text = "kind: VPCInfo\nmetadata: { name: __proto__ }\nspec: { vni: 1 }\n";
  const { config, issues } = loadConfig(text, "", natModes);
  assert.ok(config === undefined ? issues.length > 0 : config.vpcs.length === 1);
});

test("a file that nests without end is refused, in one sentence", () => {
  for (const text of ["[".repeat(100_000), "- ".repeat(3000), `${"{a: ".repeat(5000)}1`]) {
    const { issues } = loadConfig(text, "", natModes);
    assert.deepEqual(
      issues.map(({ message }) => message),
      ["The file nests deeper than can be read."],
    );
  }
});

test("a mistake inside an object is placed where it stands in the file", () => {
  const text = "kind: VPCInfo\nmetadata: { name: blue }\nspec:\n  vni: 0\n";
  const [issue] = loadConfig(text, "file.yaml", natModes).issues;
  assert.deepEqual(issue?.place, { file: "file.yaml", line: 4, column: 3 });
  assert.equal(issue?.path, "vpcs.blue.vni");
});

test("a hub with a thousand peers and ten exposes each is checked", () => {
  const vpcs: Spec = { hub: { vni: 1 } };
  const peerings: Spec = {};
  for (let peer = 0; peer < 1000; peer++) {
    vpcs[`v${peer}`] = { vni: 2 + peer };
    const prefix = (first: number, index: number) =>
      `${first}.${peer >> 2}.${(peer & 3) * 16 + index}.0/24`;
    const side = (first: number) => ({
      expose: Array.from({ length: 10 }, (_, index) => ({ ips: [{ cidr: prefix(first, index) }] })),
    });
    peerings[`p${peer}`] = { peering: { hub: side(10), [`v${peer}`]: side(20) } };
  }
  const { issues } = loadConfig(JSON.stringify({ vpcs, peerings }), "", natModes);
  assert.deepEqual(issues, []);
});
