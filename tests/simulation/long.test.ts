// What takes minutes: worlds that are known to hold, worlds that nobody has seen, and a week.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulation } from "./simulation.ts";
import { passDays } from "./week.ts";
import { freshSeed, runWorlds } from "./worlds.ts";

const MINUTE = 60_000;
/** Milliseconds between two batches, so that the week has some 300,000 packets. */
const PACE = 60_000;

/** Worlds that hold, so that what turns them red is a change; ISTHMUS_SEED tries others. */
const SEED = Number(process.env["ISTHMUS_SEED"] ?? 900_000);

test("two million packets of known worlds: the gateway and the oracle agree", () => {
  const lines: string[] = [];
  const limits = { packets: 2_000_000, millis: 2 * MINUTE };
  const agreed = runWorlds(SEED, limits, (line) => lines.push(line)) >= 0;
  assert.ok(agreed, `npm run simulate -- --seed ${SEED}\n${lines.join("\n")}`);
  process.stdout.write(`${lines.at(-1)}\n`);
});

test("half a minute of worlds that nobody has seen: what they find is told", () => {
  const seed = freshSeed();
  process.stdout.write(`simulation from seed ${seed}\n`);
  const lines: string[] = [];
  const limits = { packets: Number.POSITIVE_INFINITY, millis: MINUTE / 2 };
  if (runWorlds(seed, limits, (line) => lines.push(line)) < 0) {
    lines.push(`a difference: npm run simulate -- --seed ${seed}`);
  }
  process.stdout.write(`${lines.slice(-6).join("\n")}\n`);
});

test("a week: nothing is left over, and the heap does not grow", () => {
  passDays(new Simulation({ seed: 7, pace: PACE }), 7);
});
