// Worlds by chance, one after the other, until the time or the packets are over. Worlds have nothing
// to do with each other, so several processors can each take some: `lane` of `lanes` takes every
// lanes-th world.

import { reportDifference } from "./report.ts";
import { type Options, Simulation } from "./simulation.ts";

const WORLD_PACKETS = 250_000;

export interface Limits {
  /** In all lanes together. */
  readonly packets: number;
  readonly millis: number;
  readonly lane?: number;
  readonly lanes?: number;
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

/** The same from the world `first` on; each world has a seed of its own. How many packets passed; -1
 * when there was a difference. */
export function runWorlds(first: number, limits: Limits, say: Say): number {
  const { packets, millis, lane = 0, lanes = 1 } = limits;
  const begin = performance.now();
  const passed = () => performance.now() - begin;
  let done = 0;
  for (let world = lane; world * WORLD_PACKETS < packets && passed() < millis; world += lanes) {
    const seed = first + world;
    const whole = agree({ seed }, say, (simulation) => {
      const share = Math.min(WORLD_PACKETS, packets - world * WORLD_PACKETS);
      while (simulation.received < share && passed() < millis) simulation.step();
      simulation.finish();
      done += simulation.received;
      const { received, reloads, gateway } = simulation;
      const fast = Math.round((100 * gateway.counts().fast) / received);
      say(`world ${seed}: ${received} packets, ${fast} % fast, ${reloads} reloads`);
    });
    if (!whole) return -1;
  }
  return done;
}

/** A seed that nobody has tried yet. */
export function freshSeed(): number {
  return 1 + (Date.now() % 1_000_000_000);
}
