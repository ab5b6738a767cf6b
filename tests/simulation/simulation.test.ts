// Short runs of the simulation, always the same ones; `npm run simulate` makes long ones.

import { test } from "node:test";
import { Simulation } from "./simulation.ts";

const PACKETS = 40_000;

for (const seed of [1, 2, 3, 4]) {
  test(`${PACKETS} packets of world ${seed}: the gateway and the oracle agree`, () => {
    const simulation = new Simulation({ seed });
    while (simulation.received < PACKETS) simulation.step();
    simulation.finish();
  });
}
