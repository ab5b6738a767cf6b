// Static routes: what must be refused, and the near misses that must be accepted.

import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "../../src/config/load.ts";
import { natModes } from "../../src/nat/modes.ts";

const VPCS = { blue: { vni: 101 }, green: { vni: 102 } };
const ATTACHMENTS = [
  { vpc: "blue", interface: "veth0", address: "10.0.0.1/24" },
  { vpc: "blue", interface: "veth0", address: "2001:db8::1/64" },
  { vpc: "blue", vteps: ["172.30.8.11"], address: "10.0.1.0/31" },
  { vpc: "green", interface: "veth1", address: "10.9.0.1/24" },
];

/** "code path" and, where there is one, " < other path". */
function issuesOf(isthmus: object): string[] {
  const underlay = { interface: "eth1", vtep: "172.30.8.1" };
  const config = { vpcs: VPCS, isthmus: { attachments: ATTACHMENTS, underlay, ...isthmus } };
  return loadConfig(JSON.stringify(config), "", natModes).issues.map(({ code, path, other }) =>
    `${code} ${path}${other ? ` < ${other.path}` : ""}`.replaceAll("isthmus.", ""),
  );
}

/** "blue 10.1.0.0/16 10.0.0.7", "blue 10.1.0.0/16 172.30.8.3 02:00:00:00:00:03". */
function route(text: string): object {
  const [vpc, to, hop, routerMac] = text.split(" ");
  return { vpc, to, ...(routerMac ? { vtep: hop, routerMac } : { via: hop }) };
}

const MAC = "02:00:00:00:00:03";

for (const [routes, expected] of [
  ["blue 10.1.0.0/16 10.0.0.7", []],
  ["blue 10.1.0.0/16 10.0.1.1", []],
  ["blue 2001:db8:1::/48 2001:db8::7", []],
  ["blue 0.0.0.0/0 10.0.0.7", []],
  [`blue 10.1.0.0/16 172.30.8.3 ${MAC}`, []],
  [`blue 2001:db8:1::/48 172.30.8.3 ${MAC}`, []],
  ["blue 10.1.0.0/16 10.0.0.7 | blue 10.1.0.0/17 10.0.0.8", []],
  ["blue 10.1.0.0/16 10.0.0.7 | green 10.1.0.0/16 10.9.0.7", []],
  // Less than what is connected, and of a connected network the whole.
  ["blue 10.0.0.128/25 10.0.0.7 | blue 10.0.0.0/16 10.0.0.7", []],
  ["blue 10.1.2.3/16 10.0.0.7", ["route/bad-prefix [0].to"]],
  ["blue 10.1.0.0 10.0.0.7", ["route/bad-prefix [0].to"]],
  ["blue 2001:db8:1::1/48 2001:db8::7", ["route/bad-prefix [0].to"]],
  ["blue 10.1.0.0/16 2001:db8::7", ["route/mixed-families [0].via"]],
  ["blue 2001:db8:1::/48 10.0.0.7", ["route/mixed-families [0].via"]],
  ["blue 10.1.0.0/16 10.9.0.7", ["route/unreachable [0].via"]],
  ["green 10.1.0.0/16 10.0.0.7", ["route/unreachable [0].via"]],
  ["blue 2001:db8:1::/48 fe80::7", ["route/unreachable [0].via"]],
  ["blue 10.1.0.0/16 10.0.0.0", ["route/unreachable [0].via < attachments[0].address"]],
  ["blue 10.1.0.0/16 10.0.0.255", ["route/unreachable [0].via < attachments[0].address"]],
  ["blue 10.1.0.0/16 10.0.0.1", ["route/own-address [0].via < attachments[0].address"]],
  ["blue 10.1.0.0/16 10.0.1.0", ["route/own-address [0].via < attachments[2].address"]],
  ["blue 10.1.0.0/16 224.0.0.1", ["isthmus/bad-address [0].via"]],
  ["blue 10.1.0.0/16 router", ["isthmus/bad-address [0].via"]],
  ["bleu 10.1.0.0/16 10.0.0.7", ["isthmus/unknown-vpc [0].vpc"]],
  [`blue 10.1.0.0/16 172.30.8.1 ${MAC}`, ["isthmus/own-vtep [0].vtep"]],
  [`blue 10.1.0.0/16 2001:db8::3 ${MAC}`, ["isthmus/bad-address [0].vtep"]],
  ["blue 10.1.0.0/16 172.30.8.3 01:00:5e:00:00:01", ["isthmus/bad-mac [0].routerMac"]],
  [
    `blue 10.1.0.0/16 10.0.0.7 | blue 10.1.0.0/16 172.30.8.3 ${MAC} | blue 10.1.0.0/16 10.0.0.8`,
    ["route/duplicate [1].to < [0].to", "route/duplicate [2].to < [0].to"],
  ],
  [
    "blue 2001:db8:1::/48 2001:db8::7 | blue 2001:0db8:0001::/48 2001:db8::7",
    ["route/duplicate [1].to < [0].to"],
  ],
] as const) {
  test(`${routes}: ${expected.join(", ") || "accepted"}`, () => {
    const found = issuesOf({ routes: routes.split(" | ").map(route) });
    assert.deepEqual(
      found.map((issue) => issue.replaceAll("routes[", "[")),
      expected,
    );
  });
}

const TO = { vpc: "blue", to: "10.1.0.0/16" };

for (const [entry, expected] of [
  [TO, ["route/one-hop routes[0]"]],
  [{ ...TO, via: "10.0.0.7", vtep: "172.30.8.3", routerMac: MAC }, ["route/one-hop routes[0]"]],
  [
    { ...TO, via: "10.0.0.7", routerMac: MAC },
    ["route/one-hop routes[0]", "isthmus/half-a-tunnel routes[0]"],
  ],
  [{ ...TO, vtep: "172.30.8.3" }, ["isthmus/half-a-tunnel routes[0]"]],
  [{ ...TO, routerMac: MAC }, ["isthmus/half-a-tunnel routes[0]"]],
  [{ ...TO, viaa: "10.0.0.7" }, ["shape/unknown-key routes[0].viaa"]],
  [{ ...TO, vtep: "172.30.8.3", routrMac: MAC }, ["shape/unknown-key routes[0].routrMac"]],
  [{ via: "10.0.0.7" }, ["shape/missing routes[0].vpc", "shape/missing routes[0].to"]],
  [
    { vpc: "bleu", to: "10.1.0.1/16" },
    [
      "route/one-hop routes[0]",
      "isthmus/unknown-vpc routes[0].vpc",
      "route/bad-prefix routes[0].to",
    ],
  ],
] as const) {
  test(`route ${JSON.stringify(entry)}: ${expected.join(", ")}`, () => {
    assert.deepEqual(issuesOf({ routes: [entry] }), expected);
  });
}

test("the address of the gateway that no attachment has is no router either", () => {
  const vpcs = { blue: { addresses: ["10.0.0.254"] } };
  assert.deepEqual(issuesOf({ vpcs, routes: [route("blue 10.1.0.0/16 10.0.0.254")] }), [
    "route/own-address routes[0].via",
  ]);
});

test("a router on an attachment that is wrong is not out of reach too", () => {
  const routes = [route("blue 10.1.0.0/16 10.0.0.7")];
  for (const wrong of [{ vpc: "bleu" }, { address: "10.0.0.0/24" }, { address: 5 }]) {
    const attachments = [{ ...ATTACHMENTS[0], ...wrong }];
    assert.equal(issuesOf({ attachments, routes }).length, 1);
  }
  const attachments = [ATTACHMENTS[0], { ...ATTACHMENTS[3], address: "10.9.0.0/24" }];
  const far = [route("blue 10.1.0.0/16 10.8.0.7")];
  assert.deepEqual(issuesOf({ attachments, routes: far }), [
    "isthmus/bad-address attachments[1].address",
    "route/unreachable routes[0].via",
  ]);
});

test("the hint of a prefix with bits behind its length is that prefix", () => {
  const isthmus = {
    attachments: ATTACHMENTS.slice(0, 1),
    routes: [route("blue 10.1.2.3/16 10.0.0.7")],
  };
  const { issues } = loadConfig(JSON.stringify({ vpcs: VPCS, isthmus }), "", natModes);
  assert.equal(issues[0]?.hint, "Write 10.1.0.0/16 if that is meant.");
});
