// npm run simulate: the gateway next to a slow and obvious NAT, for as long as is wished.

import { fail, readOptions } from "../../bench/options.ts";
import { passDays, WEEK_PACE } from "./week.ts";
import { agree, freshSeed, runWorlds } from "./worlds.ts";

const USAGE = `Usage: npm run simulate -- [options]

Sends packets of simulated hosts through the gateway and, next to it, through a slow and obvious NAT;
compares every packet that comes out. A world has 250,000 packets; the next has the next seed.

  --seed N      the first world; by chance if not said
  --packets N   how many packets, in all
  --minutes M   how long; 1 if neither is said
  --week        one world in which a week passes
  --help        this text
`;

const MINUTE = 60_000;

const given = readOptions(USAGE, {
  seed: { type: "string" },
  packets: { type: "string" },
  minutes: { type: "string" },
  week: { type: "boolean" },
});

function number(name: "seed" | "packets" | "minutes"): number | undefined {
  const text = given[name];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text !== "" && value >= 0 && Number.isFinite(value)) return value;
  return fail(`--${name} is no number: ${text}`, USAGE);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const seed = number("seed") ?? freshSeed();
const packets = number("packets") ?? Number.POSITIVE_INFINITY;
const minutes = number("minutes") ?? (Number.isFinite(packets) ? Number.POSITIVE_INFINITY : 1);
say(`seed ${seed}`);
const agreed = given.week
  ? agree({ seed, pace: WEEK_PACE }, say, (simulation) => passDays(simulation, 7, say))
  : runWorlds(seed, { packets, millis: minutes * MINUTE }, say);
process.exitCode = agreed ? 0 : 1;
