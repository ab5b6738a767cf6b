// The packet path, as fast as it goes: packets in batches, each accounted for, nothing changed that
// need not be.

import assert from "node:assert/strict";
import type { Target } from "../target.ts";
import { type Arrival, mutateArrivals, RELOAD, readArrivals, writeArrivals } from "./frames.ts";
import { judgeAnswers, judgeCounts, judgeSent } from "./packet-judge.ts";
import { configTurns, makeGateway } from "./packet-world.ts";

export const START = 1_795_000_000_000;
const FLOWS = 16;
const BATCH = 48;
/** Inputs after which packets may wait for those of the next, which is faster. */
const PATIENT = 16;

/** All but the judge is the same for every target of packets. */
export const ARRIVALS = {
  unit: "packets",
  corpus: "packets",
  extension: "txt",
  seeds: () => [[]],
  mutate: mutateArrivals,
  split: (arrivals) => arrivals.map((each) => [each]),
  join: (parts) => parts.flat(),
  read: readArrivals,
  write: writeArrivals,
} satisfies Partial<Target<readonly Arrival[]>>;

export const packets: Target<readonly Arrival[]> = {
  ...ARRIVALS,
  name: "packets",
  judge() {
    const gateway = makeGateway();
    let now = START;
    let received = 0;
    const nextConfig = configTurns();
    let inputs = 0;
    const waiting: Uint8Array[] = [];
    /** Fragments that wait inside the gateway, by number. */
    const held = new Map<number, Uint8Array>();
    const settle = () => {
      const outcomes = gateway.run(now);
      assert.ok(outcomes >= waiting.length, "every packet has an outcome");
      for (let index = 0; index < outcomes; index++) {
        const outcome = gateway.outcome(index);
        const frame = waiting[index] ?? held.get(outcome.number);
        assert.ok(frame !== undefined, "an outcome is about a packet that came");
        assert.notEqual(outcome.verdict, "none");
        if (outcome.verdict === "waiting") held.set(outcome.number, frame);
        else held.delete(outcome.number);
        if (outcome.verdict === "sent") judgeSent(frame, outcome);
      }
      judgeAnswers(gateway);
      gateway.clear();
      received += waiting.length;
      waiting.length = 0;
    };
    return (arrivals) => {
      const before = received;
      for (const { port, after, frame } of arrivals) {
        const full = waiting.length === BATCH;
        if (full || (waiting.length > 0 && (after > 0 || port === RELOAD))) settle();
        now += after;
        if (port === RELOAD) {
          const config = nextConfig(inputs);
          if (config !== undefined) gateway.apply(config);
        } else {
          assert.ok(gateway.receive(port, frame), "there is room for a batch");
          waiting.push(frame);
        }
      }
      inputs++;
      if (inputs > PATIENT && (inputs & (inputs - 1)) !== 0) return received - before;
      settle();
      // Counting is slow: after the first input, and then ever more seldom.
      if ((inputs & (inputs - 1)) === 0) judgeCounts(gateway, received, FLOWS);
      return received - before;
    };
  },
};
