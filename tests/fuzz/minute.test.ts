// A minute of hostile input: half of it from a seed that is known to find nothing, so that what turns
// it red is a change (ISTHMUS_SEED tries others), half from one that nobody has tried, which only tells.

import assert from "node:assert/strict";
import { test } from "node:test";
import { freshSeed, fuzzTargets } from "./session.ts";
import { targets } from "./targets.ts";

const say = (line: string) => process.stdout.write(`fuzz: ${line}\n`);

test("half a minute of fuzzing from a known seed finds nothing", async () => {
  const seed = Number(process.env["ISTHMUS_SEED"] ?? 20261126);
  assert.equal(await fuzzTargets(targets, { seed, minutes: 0.5, say }), 0);
});

test("half a minute of fuzzing from a fresh seed: what it finds is told", async () => {
  const found = await fuzzTargets(targets, { seed: freshSeed(), minutes: 0.5, say });
  if (found > 0) say(`${found} found, see .failures/`);
});
