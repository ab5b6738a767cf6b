// A packet that is tried out leaves no trace, and tells what becomes of it when it really comes.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Gateway } from "../../src/gateway/gateway.ts";
import type { Outcome } from "../../src/gateway/outcome.ts";
import { describePacket } from "../../src/wire/notation.ts";
import { RandomTraffic, type Sent } from "./random-traffic.ts";

const SEED = Number(process.env["ISTHMUS_SEED"] ?? 20261123);
const WORLDS = 6;
const PACKETS = 300;

/** All that may be seen of what a gateway holds and has counted. */
function stateOf(gateway: Gateway) {
  const { flows, pool, pipeline } = gateway.parts;
  // Also of those that only rest; free entries say nothing.
  const words = flows.tables.map((table) => {
    const { slab, layout, used } = table;
    const size = 2 * layout.words;
    const numbers = Array.from({ length: used }, (_, flow) => flow);
    return numbers
      .filter((flow) => table.state(flow) !== 0)
      .map((flow) => [flow, slab.words.slice(flow * size, (flow + 1) * size)]);
  });
  return {
    flows: gateway.flows(),
    counts: gateway.counts(),
    tracked: gateway.tracked(),
    free: pool.free,
    verdicts: pipeline.verdicts.slice(),
    words,
  };
}

/** What is compared of an outcome: not the frame around the packet, and of what was cut not the
 * identification, which is the next of a series. */
function plain({ verdict, from, to, peering, source, destination, acl, packet, pieces }: Outcome) {
  const all = [packet, ...pieces.map((piece) => piece.packet)].map((each) =>
    pieces.length > 0 ? describePacket(each) : each.slice(),
  );
  return { verdict, from, to, peering, source, destination, acl, packets: all };
}

function tryOut(gateway: Gateway, { vpc, bytes }: Sent, now: number) {
  return gateway.tryOut(now, (send) =>
    send(vpc, bytes, ({ outcomes, answers }) => ({
      outcome: plain(outcomes[0]!),
      answers: answers.map(({ to, packet }) => ({ to, packet: packet.slice() })),
    })),
  );
}

function really(gateway: Gateway, { iface, bytes }: Sent, now: number) {
  gateway.receive(iface, bytes);
  gateway.run(now);
}

function sorted(gateway: Gateway): string[] {
  return gateway
    .flows()
    .map((flow) => JSON.stringify(flow))
    .sort();
}

for (let world = 0; world < WORLDS; world++) {
  test(`property: world ${SEED + world}: what is tried out is undone, and comes true`, () => {
    const traffic = new RandomTraffic(SEED + world);
    // A third of the worlds have tables that are full.
    const capacity = world % 3 === 0 ? 12 : 2048;
    const [tried, other] = [
      traffic.gateway(2048, "sequential"),
      traffic.gateway(2048, "sequential"),
    ];
    let last: Sent | undefined;
    for (let i = 0; i < PACKETS; i++) {
      const sent = traffic.next();
      // What is over and has rested goes now, not in the middle.
      for (const gateway of [tried, other]) gateway.sweep(2 * capacity, traffic.now);
      const before = stateOf(tried);
      // One that does not come now, and the one that does.
      if (last) tryOut(tried, last, traffic.now);
      const said = tryOut(tried, sent, traffic.now);
      assert.deepEqual(stateOf(tried), before, `packet ${i}: ${said.outcome.verdict}`);
      really(tried, sent, traffic.now);
      really(other, sent, traffic.now);
      assert.deepEqual(plain(tried.outcome(0)), said.outcome);
      assert.deepEqual(plain(tried.outcome(0)), plain(other.outcome(0)));
      traffic.deliver(tried.outcome(0));
      tried.clear();
      other.clear();
      last = sent;
    }
    assert.deepEqual(sorted(tried), sorted(other));
    assert.deepEqual({ ...tried.counts(), fast: 0 }, { ...other.counts(), fast: 0 });
  });
}
