// Short runs of the simulation, always the same ones; `npm run simulate` makes long ones.

import { test } from "node:test";
import { Simulation } from "./simulation.ts";
import { passDays } from "./week.ts";

const PACKETS = 20_000;
/** Milliseconds between two batches: a day has some 30,000 packets. */
const PACE = 90_000;

for (const seed of [2, 3]) {
  test(`${PACKETS} packets of world ${seed}: the gateway and the oracle agree`, () => {
    const simulation = new Simulation({ seed });
    while (simulation.received < PACKETS) simulation.step();
    simulation.finish();
  });
}

test("a simulated day: nothing is left over", () => {
  passDays(new Simulation({ seed: 5, pace: PACE }), 1);
});
