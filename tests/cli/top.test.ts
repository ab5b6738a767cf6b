// `top`: two looks at a gateway become rates.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiFlow, ApiStats } from "../../src/cli/api-types.ts";
import { ANSWERS, FLOWS, STATS } from "./fake-answers.ts";
import { type Answers, withFakeApi } from "./fake-api.ts";
import { assertGolden } from "./golden.ts";

/** As it is after so many seconds. */
function statsAfter(seconds: number): ApiStats {
  return {
    ...STATS,
    received: STATS.received + 1100 * seconds,
    sent: STATS.sent + 1000 * seconds,
    dropped: { ...STATS.dropped, "no-flow": 900 + 100 * seconds },
    pairs: STATS.pairs.map((pair) => ({
      ...pair,
      packets: pair.packets + 500 * seconds,
      bytes: pair.bytes + 125_000 * seconds,
    })),
  };
}

function flowsAfter(seconds: number): ApiFlow[] {
  return FLOWS.map((flow, index) => ({
    ...flow,
    packets: [(flow.packets[0] + 10 * index * seconds) % 2 ** 32, flow.packets[1]],
    bytes: [flow.bytes[0] + 1000 * index * seconds, flow.bytes[1]],
  }));
}

function passing(next: string | null = null): Answers {
  let looks = 0;
  return {
    ...ANSWERS,
    "GET /v1/stats": () => statsAfter(looks++),
    "GET /v1/flows": () => ({ items: flowsAfter(Math.max(0, looks - 1)), next }),
  };
}

for (const columns of [80, 120]) {
  test(`top --once shows one second in ${columns} columns`, () =>
    withFakeApi(passing(), async ({ run }) => {
      const { out, err, code } = await run(["top", "--once"], { columns });
      assert.deepEqual([err, code], ["", 0]);
      assert.deepEqual(
        out.split("\n").filter((line) => line.length > columns),
        [],
      );
      assertGolden(`top-${columns}`, out);
    }));
}

test("top goes on each second until it is stopped, on a terminal in one place", () =>
  withFakeApi(passing(), async ({ run, asked }) => {
    const { out } = await run(["top"], { columns: 80, slept: (now) => now > 3000 });
    assert.equal(out.split("\u001b[H\u001b[J").length, 1 + 3);
    assert.equal(asked.filter(({ path }) => path === "/v1/stats").length, 4);
  }));

test("top ends when nobody reads its output any more", () =>
  withFakeApi(passing(), async ({ run }) => {
    const { out, code } = await run(["top", "--json"], { readable: 1, slept: (now) => now > 9000 });
    assert.deepEqual([out.trim().split("\n").length, code], [2, 0]);
  }));

test("top --json is a line for each second", () =>
  withFakeApi(passing(), async ({ run }) => {
    const { out } = await run(["top", "--json"], { slept: (now) => now > 2000 });
    const seconds = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.equal(seconds.length, 2);
    assert.deepEqual(seconds[0].total, { packets: 1000, bytes: 250_000, dropped: 100 });
    assert.deepEqual(seconds[1].drops, [{ reason: "no-flow", packets: 100 }]);
    assert.equal(seconds[0].peerings[0].peering, "blue--green");
    assert.equal(seconds[0].talkers[0].bytes, 2000);
  }));

test("it is said when the busiest flows were looked for among some only", () =>
  withFakeApi(
    {
      ...passing(),
      "GET /v1/flows": { items: new Array(1000).fill(FLOWS[0]), next: "1000" },
    },
    async ({ run }) => {
      const { out } = await run(["top", "--once", "--json"]);
      const { more, looked } = JSON.parse(out);
      assert.deepEqual([more, looked], [true, 1000]);
    },
  ));

test("a gateway that started anew has no rates below zero", () =>
  withFakeApi(
    {
      ...ANSWERS,
      "GET /v1/stats": (() => {
        let looks = 0;
        return () => (looks++ === 0 ? STATS : { ...STATS, received: 10, sent: 9, dropped: {} });
      })(),
    },
    async ({ run }) => {
      const { total } = JSON.parse((await run(["top", "--once", "--json"])).out);
      assert.deepEqual([total.packets, total.dropped], [9, 0]);
    },
  ));
