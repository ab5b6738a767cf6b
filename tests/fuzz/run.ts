// `npm run fuzz [-- OPTIONS]`: hostile input of every kind, for as long as wished.

import { readFileSync } from "node:fs";
import { fail, readOptions } from "../../bench/options.ts";
import { Coverage } from "./coverage.ts";

const USAGE = `Usage: npm run fuzz -- [options]

Mutated packets, captures, configurations, notation and stories. What must not happen is written
to .failures/, with the command that repeats it.

  --minutes=N    how long, all targets together; 1 if absent
  --inputs=N     so many inputs for each target instead
  --seed=S       repeats a run; by chance if absent
  --target=NAME  only that one: packets, fast-path, captures, configurations, notation, stories
  --grow         add what reaches new code to the corpus; slow
  --repeat=FILE  run that one input; needs --target
  -h, --help     this text
`;
const options = readOptions(USAGE, {
  minutes: { type: "string", default: "1" },
  inputs: { type: "string" },
  seed: { type: "string" },
  target: { type: "string" },
  grow: { type: "boolean" },
  repeat: { type: "string" },
});

function number(name: string, text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text)) fail(`--${name} is a number`, USAGE);
  return Number(text);
}

const coverage = options.grow === true ? new Coverage() : undefined;
// Before our code is loaded: the engine counts only what it compiles afterwards.
await coverage?.start();
const { targets } = await import("./targets.ts");
const { freshSeed, fuzzTargets, replay } = await import("./session.ts");
const { target: wanted, repeat } = options;
const chosen = targets.filter(({ name }) => wanted === undefined || name === wanted);
if (chosen.length === 0) fail(`there is no target ${wanted}`, USAGE);
if (repeat !== undefined) {
  if (wanted === undefined) fail("--repeat needs --target", USAGE);
  replay(chosen[0]!, readFileSync(repeat));
  process.stdout.write(`${repeat}: nothing found\n`);
} else {
  const found = await fuzzTargets(chosen, {
    seed: options.seed === undefined ? freshSeed() : number("seed", options.seed),
    minutes: number("minutes", options.minutes),
    inputs: options.inputs === undefined ? undefined : number("inputs", options.inputs),
    coverage,
    say: (line) => process.stdout.write(`${line}\n`),
  });
  if (found > 0) process.exitCode = 1;
}
process.exit();
