// What takes minutes: worlds that nobody has seen yet, and a week.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulation } from "./simulation.ts";
import { passDays } from "./week.ts";
import { freshSeed, runWorlds } from "./worlds.ts";

const MINUTE = 60_000;
/** Milliseconds between two batches, so that the week has some 300,000 packets. */
const PACE = 60_000;

test("a minute of worlds by chance: the gateway and the oracle agree", () => {
  const seed = Number(process.env["ISTHMUS_SEED"] ?? freshSeed());
  process.stdout.write(`simulation from seed ${seed}\n`);
  const lines: string[] = [];
  const limits = { packets: Number.POSITIVE_INFINITY, millis: MINUTE };
  const agreed = runWorlds(seed, limits, (line) => lines.push(line));
  assert.ok(agreed, `npm run simulate -- --seed ${seed}\n${lines.join("\n")}`);
  process.stdout.write(`${lines.at(-1)}\n`);
});

test("a week: nothing is left over, and the heap does not grow", () => {
  passDays(new Simulation({ seed: 7, pace: PACE }), 7);
});
