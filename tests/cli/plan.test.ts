// What `plan` prints.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { PlanReport } from "../../src/insight/plan/report.ts";
import { Refusal, withFakeApi } from "./fake-api.ts";
import { assertGolden } from "./golden.ts";

const files = { "new.yaml": "vpcs: {}\n" };
const place = (line: number) => ({ file: "new.yaml", line, column: 9 });

const REPORT: PlanReport = {
  generation: 3,
  changes: [
    { kind: "removed", what: "vpc", name: "red", details: [], place: place(4) },
    {
      kind: "changed",
      what: "peering",
      name: "blue--green",
      details: [
        {
          text: "blue no longer exposes 10.0.0.0/24 as 192.0.2.0/28 (masquerade).",
          place: { ...place(12), file: "gateway.yaml" },
        },
        {
          text: "blue now exposes 10.0.0.0/24 as 192.0.2.1/32 (masquerade).",
          place: { ...place(12), file: "API" },
        },
      ],
      place: place(9),
    },
    {
      kind: "changed",
      what: "settings",
      name: "isthmus",
      details: [{ text: "Times of flows change.", place: null }],
      place: null,
    },
  ],
  flows: {
    kept: 120_400,
    retranslated: 71_002,
    ended: 12,
    reasons: { "other-source": 71_002, "vpc-gone": 12 },
  },
  peerings: [
    {
      peering: "blue--green",
      kept: 120_400,
      retranslated: 71_002,
      ended: 0,
      reasons: { "other-source": 71_002 },
    },
    {
      peering: "green--red",
      kept: 0,
      retranslated: 0,
      ended: 12,
      reasons: { "vpc-gone": 12 },
    },
  ],
  pools: [
    {
      expose: { label: "expose 1 of blue", place: place(12) },
      protocol: 6,
      kept: 10_400,
      again: 71_002,
      capacity: 64_512,
      missing: 16_890,
    },
    {
      expose: { label: "expose 1 of blue", place: place(12) },
      protocol: 17,
      kept: 20,
      again: 0,
      capacity: 64_512,
      missing: 0,
    },
  ],
  shadows: [
    {
      from: "green",
      addresses: "192.0.2.1/32:8080",
      protocol: 6,
      winner: { label: "expose 2 of blue", place: place(16) },
      loser: { label: "expose 1 of blue", place: place(12) },
    },
  ],
  deadRules: [
    {
      rule: { label: 'rule "web"', place: place(30) },
      peering: "blue--green",
      by: [{ label: 'rule "all"', place: place(28) }],
    },
  ],
  notices: ["gateway.flowTableCapacity is now 10: until a restart it stays 20."],
};

const QUIET: PlanReport = {
  generation: 3,
  changes: [],
  flows: { kept: 0, retranslated: 0, ended: 0, reasons: {} },
  peerings: [],
  pools: [],
  shadows: [],
  deadRules: [],
  notices: [],
};

for (const columns of [80, 120]) {
  test(`a plan fits ${columns} columns`, () =>
    withFakeApi({ "POST /v1/config/plan": REPORT }, async ({ run, asked }) => {
      const { out, err, code } = await run(["plan", "new.yaml"], { columns, files });
      assert.deepEqual([err, code], ["", 0]);
      assert.deepEqual(
        out.split("\n").filter((line) => line.length > columns),
        [],
      );
      assert.deepEqual(asked[0]?.body, files["new.yaml"]);
      assertGolden(`plan-${columns}`, out);
    }));
}

test("a plan of an idle gateway says little, and as JSON all of it", () =>
  withFakeApi({ "POST /v1/config/plan": QUIET }, async ({ run }) => {
    assert.equal((await run(["plan", "new.yaml"], { files })).out, "FLOWS\nThere are none.\n");
    const { out } = await run(["plan", "new.yaml", "--json"], { files });
    assert.deepEqual(JSON.parse(out), QUIET);
  }));

test("a file that the gateway refuses fails the plan", () =>
  withFakeApi(
    { "POST /v1/config/plan": new Refusal(422, "The configuration is wrong", { issues: [] }) },
    async ({ run }) => {
      const { out, err, code } = await run(["plan", "new.yaml"], { files });
      assert.deepEqual([out, err, code], ["", "isthmus: The configuration is wrong\n", 1]);
    },
  ));
