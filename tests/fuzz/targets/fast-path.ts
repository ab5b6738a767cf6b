// The same packets one by one through two gateways, one of which is traced and therefore walks every
// step: what comes out, the flows and the counts are the same.

import assert from "node:assert/strict";
import type { Gateway } from "../../../src/gateway/gateway.ts";
import type { Target } from "../target.ts";
import { type Arrival, RELOAD } from "./frames.ts";
import { configTurns, makeGateway } from "./packet-world.ts";
import { ARRIVALS, START } from "./packets.ts";

export const fastPath: Target<readonly Arrival[]> = {
  ...ARRIVALS,
  name: "fast-path",
  judge() {
    const fast = makeGateway();
    const long = makeGateway();
    let now = START;
    let inputs = 0;
    const nextConfig = configTurns();
    const pass = ({ port, frame }: Arrival) => {
      fast.receive(port, frame);
      long.receive(port, frame);
      fast.run(now);
      long.run(now, []);
      compare(fast, long);
      fast.clear();
      long.clear();
    };
    return (arrivals) => {
      for (const arrival of arrivals) {
        now += arrival.after;
        if (arrival.port === RELOAD) {
          const config = nextConfig(inputs);
          if (config !== undefined) assert.deepEqual(fast.apply(config), long.apply(config));
        } else pass(arrival);
      }
      inputs++;
      assert.deepEqual(fast.flows(), long.flows());
      assert.deepEqual({ ...fast.counts(), fast: 0 }, long.counts());
      return arrivals.length;
    };
  },
};

function compare(fast: Gateway, long: Gateway): void {
  const one = fast.outcome(0);
  const other = long.outcome(0);
  const same =
    one.verdict === other.verdict &&
    one.from === other.from &&
    one.to === other.to &&
    one.offset === other.offset &&
    Buffer.compare(one.frame, other.frame) === 0 &&
    Buffer.compare(one.packet, other.packet) === 0 &&
    one.pieces.length + other.pieces.length === 0;
  // What the two say about it in full, when it differs.
  if (!same) assert.deepEqual(one, other);
}
