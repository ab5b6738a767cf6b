// A minute of hostile input with a seed that nobody has tried. ISTHMUS_SEED repeats it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { freshSeed, fuzzTargets } from "./session.ts";
import { targets } from "./targets.ts";

test("a minute of fuzzing finds nothing", async () => {
  const seed = Number(process.env["ISTHMUS_SEED"] ?? freshSeed());
  const say = (line: string) => process.stdout.write(`fuzz: ${line}\n`);
  assert.equal(await fuzzTargets(targets, { seed, minutes: 1, say }), 0);
});
