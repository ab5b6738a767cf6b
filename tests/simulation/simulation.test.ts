// Short runs of the simulation, always the same ones; `npm run simulate` makes long ones.

import assert from "node:assert/strict";
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

test("the same seed gives the same bytes", () => {
  const [one, other] = [new Simulation({ seed: 6 }), new Simulation({ seed: 6 })];
  for (let batch = 0; batch < 100; batch++) {
    one.step();
    other.step();
    assert.equal(one.received, other.received);
    one.outcomes.forEach(({ verdict, packet }, i) => {
      assert.equal(other.outcomes[i]!.verdict, verdict);
      assert.ok(Buffer.from(packet).equals(other.outcomes[i]!.packet));
    });
  }
});
