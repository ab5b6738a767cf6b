// Days of simulated time in one world: what the gateway, or the oracle, forgets to forget shows.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Simulation } from "./simulation.ts";

/** Milliseconds between two batches, on average: a week has about two million packets. */
export const WEEK_PACE = 9_000;
const DAY = 24 * 3_600_000;
/** From the second day on the heap may grow by that, whatever passes. */
const HEAP_GROWTH = 8 * 2 ** 20;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** Throws when something differs or is left over. */
export function passDays(
  simulation: Simulation,
  days: number,
  say: (line: string) => void = () => {},
): void {
  const start = simulation.now;
  let settled = Number.POSITIVE_INFINITY;
  for (let day = 1; day <= days; day++) {
    while (simulation.now < start + day * DAY) simulation.step();
    const heap = heapBytes();
    if (day === 2) settled = heap;
    const { flows, mappings, hosts } = simulation.gateway.tracked();
    const held = `${flows} flows, ${mappings} public endpoints, ${hosts} hosts held`;
    const megabytes = (heap / 2 ** 20).toFixed(1);
    say(`day ${day}: ${simulation.received} packets; ${held}; ${megabytes} MB of heap`);
    if (heap > settled + HEAP_GROWTH) throw new Error(`the heap grew to ${megabytes} MB`);
  }
  simulation.finish();
  say(`after a long silence nothing is held; ${simulation.received} packets, no difference`);
}
