// Worlds by chance, one after the other, until the time or the packets are over.

import { reportDifference } from "./report.ts";
import { type Options, Simulation } from "./simulation.ts";

const WORLD_PACKETS = 250_000;

export interface Limits {
  readonly packets: number;
  readonly millis: number;
}

export type Say = (line: string) => void;

/** Whether there was no difference; if there was, it is told. */
export function agree(options: Options, say: Say, run: (simulation: Simulation) => void): boolean {
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

/** The same from the world `first` on; each world has a seed of its own. */
export function runWorlds(first: number, { packets, millis }: Limits, say: Say): boolean {
  const begin = performance.now();
  const before = process.cpuUsage();
  const passed = () => performance.now() - begin;
  let done = 0;
  for (let seed = first; done < packets && passed() < millis; seed++) {
    const whole = agree({ seed }, say, (simulation) => {
      const share = Math.min(WORLD_PACKETS, packets - done);
      while (simulation.received < share && passed() < millis) simulation.step();
      simulation.finish();
      done += simulation.received;
      const { received, reloads, gateway } = simulation;
      const fast = Math.round((100 * gateway.counts().fast) / received);
      const speed = Math.round((done / passed()) * 1000);
      say(
        `world ${seed}: ${received} packets, ${fast} % fast, ${reloads} reloads; ${speed} a second`,
      );
    });
    if (!whole) return false;
  }
  const { user, system } = process.cpuUsage(before);
  const [a, b] = [(done / passed()) * 1000, (done / (user + system)) * 1e6].map(Math.round);
  say(`${done} packets, no difference; ${a} a second, ${b} a second of CPU time`);
  return true;
}

/** A seed that nobody has tried yet. */
export function freshSeed(): number {
  return 1 + (Date.now() % 1_000_000_000);
}
