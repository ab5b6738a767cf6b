// npm run simulate: the gateway next to a slow and obvious NAT, for as long as is wished.

import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { fail, readOptions } from "../../bench/options.ts";
import { passDays, WEEK_PACE } from "./week.ts";
import { agree, freshSeed, type Limits } from "./worlds.ts";

const USAGE = `Usage: npm run simulate -- [options]

Sends packets of simulated hosts through the gateway and, next to it, through a slow and obvious NAT;
compares every packet that comes out. A world has 250,000 packets; the next has the next seed. Each
processor has a world at a time.

  --seed N      the first world; by chance if not said
  --packets N   how many packets, in all
  --minutes M   how long; 1 if neither is said
  --lanes N     worlds at a time; as many as there are processors if not said
  --week        one world in which a week passes
  --help        this text
`;

const MINUTE = 60_000;

const given = readOptions(USAGE, {
  seed: { type: "string" },
  packets: { type: "string" },
  minutes: { type: "string" },
  lanes: { type: "string" },
  week: { type: "boolean" },
});

function number(name: "seed" | "packets" | "minutes" | "lanes"): number | undefined {
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
const lanes = Math.max(1, number("lanes") ?? availableParallelism());
const agreed = given.week
  ? agree({ seed, pace: WEEK_PACE }, say, (simulation) => passDays(simulation, 7, say))
  : await runLanes({ packets, millis: minutes * MINUTE, lanes });
process.exitCode = agreed ? 0 : 1;

/** Whether there was no difference in any lane; the first one ends them all. */
async function runLanes(limits: Limits): Promise<boolean> {
  const begin = performance.now();
  const running = new Set<Worker>();
  const endAll = () => running.forEach((worker) => void worker.terminate());
  const results = Array.from({ length: lanes }, (_, lane) => {
    const workerData = { seed, limits: { ...limits, lane } };
    const worker = new Worker(new URL("lane.ts", import.meta.url), { workerData });
    running.add(worker);
    return new Promise<number>((resolve, reject) => {
      worker.on("message", (message: string | number) => {
        if (typeof message === "string") say(message);
        else resolve(message);
        if (message === -1) endAll();
      });
      worker.on("error", reject);
      worker.on("exit", () => resolve(0));
    });
  });
  const packetsOf = await Promise.all(results);
  if (packetsOf.includes(-1)) return false;
  const done = packetsOf.reduce((sum, each) => sum + each, 0);
  const speed = Math.round((done / (performance.now() - begin)) * 1000);
  say(`${done} packets, no difference; ${speed} a second in ${lanes} lanes`);
  return true;
}
