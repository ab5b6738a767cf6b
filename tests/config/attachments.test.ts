// Where the gateway is attached to its VPCs: what must be refused, and the near misses that must be
// accepted.

import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "../../src/config/load.ts";
import { natModes } from "../../src/nat/modes.ts";

const VPCS = { blue: { vni: 101 }, green: { vni: 102 } };
const UNDERLAY = { interface: "eth1", vtep: "172.30.8.1" };

type Isthmus = Record<string, unknown>;

/** "code path" and, where there is one, " < other path", from `isthmus.` on. */
function issuesOf(isthmus: Isthmus, vpcs: object = VPCS): string[] {
  const { issues } = loadConfig(JSON.stringify({ vpcs, isthmus }), "", natModes);
  return issues.map(({ code, path, other }) =>
    `${code} ${path}${other ? ` < ${other.path}` : ""}`.replaceAll("isthmus.", ""),
  );
}

/** "blue eth1 10.0.0.1/24", "blue 172.30.8.11,172.30.8.12 10.0.0.1/24". */
function attachment(text: string): Isthmus {
  const [vpc, on = "", address] = text.split(" ");
  return /^\d/.test(on) ? { vpc, vteps: on.split(","), address } : { vpc, interface: on, address };
}

for (const [attachments, expected] of [
  ["blue veth0 10.0.0.1/24 | green veth1 10.0.0.1/24", []],
  ["blue veth0 10.0.0.1/24 | blue veth0 2001:db8::1/64", []],
  ["blue veth0 10.0.0.1/24 | blue veth1 10.0.1.1/24", []],
  ["blue 172.30.8.11 10.0.0.1/24 | green 172.30.8.11 10.0.0.1/24", []],
  ["blue 172.30.8.11 10.0.0.1/24 | blue veth0 10.0.1.1/24", []],
  ["blue 172.30.8.11,172.30.8.12 10.0.0.1/24 | blue 172.30.8.12,172.30.8.11 2001:db8::1/64", []],
  ["blue veth0 169.254.0.1/30", []],
  ["blue veth0 fec0::1/64 | green veth1 fe7f::1/64", []],
  ["blue veth0 fe80::1/64", ["link-local [0].address"]],
  ["blue veth0 febf::1/64", ["link-local [0].address"]],
  ["blue eth1 10.0.0.1/24", ["shared-interface [0].interface < underlay.interface"]],
  [
    "blue veth0 10.0.0.1/24 | green veth0 10.1.0.1/24",
    ["shared-interface [1].interface < [0].interface"],
  ],
  [
    "blue veth0 10.0.0.1/24 | green veth0 2001:db8::1/64",
    ["shared-interface [1].interface < [0].interface"],
  ],
  [
    "blue 172.30.8.11 10.0.0.1/24 | blue 172.30.8.11,172.30.8.12 2001:db8::1/64",
    ["several-vxlan-segments [1].vteps < [0].vteps"],
  ],
  [
    "blue 172.30.8.11 10.0.0.1/24 | blue 172.30.8.12 10.0.1.1/24",
    ["several-vxlan-segments [1].vteps < [0].vteps", "second-address [1].address < [0].address"],
  ],
  ["blue veth0 10.0.0.1/24 | blue veth0 10.0.1.1/24", ["second-address [1].address < [0].address"]],
  [
    "blue 172.30.8.11 10.0.0.1/24 | blue 172.30.8.11 10.0.0.2/24",
    ["second-address [1].address < [0].address"],
  ],
  [
    "blue veth0 10.0.0.1/24 | blue veth1 10.0.0.1/24",
    ["duplicate-address [1].address < [0].address"],
  ],
  ["blue veth0 10.0.0.1/16 | blue veth1 10.0.1.1/24", ["overlap [1].address < [0].address"]],
  ["blue veth0 2001:db8::1/64 | blue veth1 2001:db8::2/48", ["overlap [1].address < [0].address"]],
  [
    "blue veth0 10.0.0.1/24 | blue veth1 10.0.1.1/24 | blue veth2 10.0.0.2/23",
    ["overlap [2].address < [0].address", "overlap [2].address < [1].address"],
  ],
] as const) {
  test(`${attachments}: ${expected.join(", ") || "accepted"}`, () => {
    const list = attachments.split(" | ").map(attachment);
    assert.deepEqual(
      issuesOf({ attachments: list, underlay: UNDERLAY }).map((issue) =>
        issue.replaceAll("attachments[", "[").replace("attachment/", ""),
      ),
      expected,
    );
  });
}

for (const [vteps, expected] of [
  [["172.30.8.2", "172.30.8.3"], []],
  [[], ["attachment/no-vteps attachments[0].vteps"]],
  [["172.30.8.1"], ["isthmus/own-vtep attachments[0].vteps[0]"]],
  [["172.30.8.2", "224.0.0.1"], ["isthmus/bad-address attachments[0].vteps[1]"]],
  [["2001:db8::2"], ["isthmus/bad-address attachments[0].vteps[0]"]],
  [
    ["172.30.8.2", "172.30.8.3", "172.30.8.2", "172.30.8.2"],
    [
      "attachment/duplicate-vtep attachments[0].vteps[2] < attachments[0].vteps[0]",
      "attachment/duplicate-vtep attachments[0].vteps[3] < attachments[0].vteps[0]",
    ],
  ],
  [[5], ["shape/wrong-type attachments[0].vteps[0]"]],
] as const) {
  test(`vteps ${JSON.stringify(vteps)}: ${expected.join(", ") || "accepted"}`, () => {
    const attachments = [{ vpc: "blue", vteps, address: "10.0.0.1/24" }];
    assert.deepEqual(issuesOf({ attachments, underlay: UNDERLAY }), expected);
  });
}

for (const [name, good] of [
  ["e", true],
  ["fifteen-bytes-1", true],
  ["eth0.100", true],
  ["...", true],
  ["sixteen-bytes-12", false],
  ["ääääääää", false],
  ["", false],
  ["a b", false],
  ["a/b", false],
  ["a:1", false],
  [".", false],
  ["..", false],
  ["a\u0000", false],
] as const) {
  test(`${JSON.stringify(name)} is ${good ? "a" : "no"} name of an interface`, () => {
    const attachments = [{ vpc: "blue", interface: name, address: "10.0.0.1/24" }];
    const interfaces = { [name]: {} };
    const paths = ["attachments[0].interface", `interfaces.${name}`];
    const expected = good ? [] : paths.map((path) => `isthmus/bad-interface ${path}`);
    assert.deepEqual(issuesOf({ attachments, interfaces }), expected);
    const underlay = { interface: name, vtep: "172.30.8.1" };
    assert.deepEqual(
      issuesOf({ underlay }),
      good ? [] : ["isthmus/bad-interface underlay.interface"],
    );
  });
}

const ADDRESS = "10.0.0.1/24";
const HOME = { vpc: "blue", interface: "veth0", address: ADDRESS };

for (const [entry, expected] of [
  [{ vpc: "blue", address: ADDRESS }, ["attachment/one-segment attachments[0]"]],
  [{ ...HOME, vteps: ["172.30.8.2"] }, ["attachment/one-segment attachments[0]"]],
  [
    { vpc: "blue", vtep: ["172.30.8.2"], address: ADDRESS },
    ["shape/unknown-key attachments[0].vtep"],
  ],
  [{ vpc: "blue", interface: "veth0" }, ["shape/missing attachments[0].address"]],
  [
    { vpc: "bleu", address: "10.0.0.0/24" },
    [
      "attachment/one-segment attachments[0]",
      "isthmus/unknown-vpc attachments[0].vpc",
      "isthmus/bad-address attachments[0].address",
    ],
  ],
  [
    { vpc: "blue", vteps: [], interface: "a/b", address: 5 },
    [
      "attachment/one-segment attachments[0]",
      "attachment/no-vteps attachments[0].vteps",
      "isthmus/bad-interface attachments[0].interface",
      "shape/wrong-type attachments[0].address",
    ],
  ],
] as const) {
  test(`${JSON.stringify(entry)}: ${expected.join(", ")}`, () => {
    assert.deepEqual(issuesOf({ attachments: [entry], underlay: UNDERLAY }), expected);
  });
}

test("a wrong part of an attachment does not hide what its other parts collide with", () => {
  const attachments = [
    { vpc: "blue", interface: "veth0", address: "10.0.0.1/24" },
    { vpc: "green", interface: "veth0", address: "10.0.0.0/24" },
    { vpc: "blue", vteps: [], address: "10.0.0.2/24" },
  ];
  assert.deepEqual(issuesOf({ attachments, underlay: UNDERLAY }), [
    "attachment/shared-interface attachments[1].interface < attachments[0].interface",
    "isthmus/bad-address attachments[1].address",
    "attachment/no-vteps attachments[2].vteps",
    "attachment/overlap attachments[2].address < attachments[0].address",
  ]);
});

test("where vpcs cannot be read, no name of one is unknown", () => {
  const { issues } = loadConfig(
    JSON.stringify({ vpcs: 5, isthmus: { attachments: [HOME], vpcs: { blue: {} } } }),
    "",
    natModes,
  );
  assert.deepEqual(
    issues.map(({ path }) => path),
    ["vpcs"],
  );
});

const TUNNEL = { vtep: "172.30.8.2", routerMac: "02:00:00:00:00:02" };
const VXLAN = { vpc: "green", vteps: ["172.30.8.2"], address: ADDRESS };
const VXLAN6 = { ...VXLAN, address: "2001:db8::1/64" };
const ROUTE = { vpc: "blue", to: "10.2.0.0/16", ...TUNNEL };

for (const [isthmus, expected] of [
  [{ attachments: [HOME] }, []],
  [{ attachments: [HOME, VXLAN, VXLAN6] }, ["isthmus/no-underlay attachments[1].vteps"]],
  [{ routes: [ROUTE, { ...ROUTE, vpc: "green" }] }, ["isthmus/no-underlay routes[0].vtep"]],
  [{ vpcs: { blue: {}, green: TUNNEL } }, ["isthmus/idle-tunnel vpcs.green.vtep"]],
  [{ vpcs: { green: TUNNEL }, routes: [ROUTE] }, ["isthmus/no-underlay routes[0].vtep"]],
  [{ attachments: [VXLAN], underlya: UNDERLAY }, ["shape/unknown-key underlya"]],
  [{ vpcs: { blue: TUNNEL }, underlay: UNDERLAY, routes: [ROUTE], attachments: [VXLAN] }, []],
  [
    {
      vpcs: { blue: TUNNEL },
      routes: [ROUTE],
      underlay: { interface: "eth1", vtep: "172.30.8.2" },
    },
    ["isthmus/own-vtep vpcs.blue.vtep", "isthmus/own-vtep routes[0].vtep"],
  ],
] as const) {
  test(`underlay of ${JSON.stringify(isthmus)}: ${expected.join(", ") || "fine"}`, () => {
    assert.deepEqual(issuesOf(isthmus), expected);
  });
}

test("an idle tunnel is only warned of, so that a file of before loads", () => {
  const { config } = loadConfig(
    JSON.stringify({ vpcs: VPCS, isthmus: { vpcs: { blue: TUNNEL } } }),
    "",
    natModes,
  );
  assert.equal(config?.vpcs[0]?.remote?.vtep.value, 0xac1e0802n);
});

for (const [interfaces, expected] of [
  [{ veth0: {}, eth1: { driver: "af-xdp", promiscuous: true } }, []],
  [{ veth9: { driver: "tap" } }, ["isthmus/unused-interface interfaces.veth9"]],
  [{ veth0: { driver: "af-xpd" } }, ["shape/wrong-value interfaces.veth0.driver"]],
  [{ veth0: { promiscuos: true } }, ["shape/unknown-key interfaces.veth0.promiscuos"]],
  [{ veth0: { promiscuous: "yes" } }, ["shape/wrong-type interfaces.veth0.promiscuous"]],
  [{ veth0: null }, ["shape/wrong-type interfaces.veth0"]],
] as const) {
  test(`interfaces ${JSON.stringify(interfaces)}: ${expected.join(", ") || "accepted"}`, () => {
    assert.deepEqual(issuesOf({ attachments: [HOME], underlay: UNDERLAY, interfaces }), expected);
  });
}

test("who misspells the key of an interface is not told that its options are for none", () => {
  const { interface: name, ...rest } = HOME;
  const attachments = [{ ...rest, interfase: name }];
  assert.deepEqual(issuesOf({ attachments, interfaces: { veth0: {} } }), [
    "shape/unknown-key attachments[0].interfase",
  ]);
});

test("options of an interface with a slip in its name: the right one is suggested", () => {
  const isthmus = { attachments: [HOME], interfaces: { vteh0: {} } };
  const { config, issues } = loadConfig(JSON.stringify({ vpcs: VPCS, isthmus }), "", natModes);
  assert.equal(issues[0]?.hint, 'Did you mean "veth0"?');
  assert.ok(config, "it is a warning");
});
