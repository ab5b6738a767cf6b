// npm run simulate: worlds by chance, one after the other, until the time or the packets are over, or
// the gateway and the oracle differ.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { fail, readOptions } from "../../bench/options.ts";
import { reportDifference } from "./report.ts";
import { type Options, Simulation } from "./simulation.ts";
import { DAY, WEEK_PACE } from "./week.ts";

const USAGE = `Usage: npm run simulate -- [options]

Sends packets of simulated hosts through the gateway and, next to it, through a slow and obvious NAT;
compares every packet that comes out. A world has 250,000 packets; the next has the next seed.

  --seed N      the first world; by chance if not said
  --packets N   how many packets, in all
  --minutes M   how long; 1 if neither is said
  --week        one world in which a week passes
  --help        this text
`;

const WORLD_PACKETS = 250_000;
const MINUTE = 60_000;

const given = readOptions(USAGE, {
  seed: { type: "string" },
  packets: { type: "string" },
  minutes: { type: "string" },
  week: { type: "boolean" },
});

function number(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text !== "" && value >= 0 && Number.isFinite(value)) return value;
  return fail(`--${name} is no number: ${text}`, USAGE);
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Runs until it is over; whether there was no difference. */
function agree(options: Options, run: (simulation: Simulation) => void): boolean {
  const simulation = new Simulation(options);
  try {
    run(simulation);
    return true;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    for (const line of reportDifference(options, error)) say(line);
    if (error.name !== "Difference") say(error.stack ?? "");
    return false;
  }
}

function runWorlds(first: number, packets: number, millis: number): boolean {
  const begin = performance.now();
  let done = 0;
  for (let seed = first; done < packets && performance.now() - begin < millis; seed++) {
    const whole = agree({ seed }, (simulation) => {
      const share = Math.min(WORLD_PACKETS, packets - done);
      while (simulation.received < share && performance.now() - begin < millis) simulation.step();
      simulation.finish();
      done += simulation.received;
      const { received, reloads, gateway } = simulation;
      const fast = Math.round((100 * gateway.counts().fast) / received);
      const speed = Math.round((done / (performance.now() - begin)) * 1000);
      say(
        `world ${seed}: ${received} packets, ${fast} % fast, ${reloads} reloads; ${speed} a second`,
      );
    });
    if (!whole) return false;
  }
  const seconds = (performance.now() - begin) / 1000;
  const cpu = process.cpuUsage();
  const busy = (cpu.user + cpu.system) / 1e6;
  say(`${done} packets, no difference`);
  say(`${Math.round(done / seconds)} packets a second, ${Math.round(done / busy)} a CPU second`);
  return true;
}

/** The heap after each day: what the gateway or the oracle forgot to forget would show. */
function runWeek(seed: number): boolean {
  return agree({ seed, pace: WEEK_PACE }, (simulation) => {
    const start = simulation.now;
    let settled = 0;
    for (let day = 1; day <= 7; day++) {
      while (simulation.now < start + day * DAY) simulation.step();
      const heap = heapBytes();
      if (day === 2) settled = heap;
      const { flows, mappings, hosts } = simulation.gateway.tracked();
      const held = `${flows} flows, ${mappings} public endpoints, ${hosts} hosts held`;
      say(`day ${day}: ${simulation.received} packets; ${held}; ${megabytes(heap)} of heap`);
      if (day > 2 && heap > settled + HEAP_GROWTH) throw new Error("the heap grows");
    }
    simulation.finish();
    say(`after a long silence nothing is held; ${simulation.received} packets, no difference`);
  });
}

const HEAP_GROWTH = 8 * 2 ** 20;

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`;
}

const seed = number(given.seed, "seed") ?? 1 + (Date.now() % 1_000_000_000);
const packets = number(given.packets, "packets");
const minutes = number(given.minutes, "minutes") ?? (packets === undefined ? 1 : undefined);
say(`seed ${seed}`);
const ok = given.week
  ? runWeek(seed)
  : runWorlds(
      seed,
      packets ?? Number.POSITIVE_INFINITY,
      minutes === undefined ? Number.POSITIVE_INFINITY : minutes * MINUTE,
    );
process.exitCode = ok ? 0 : 1;
