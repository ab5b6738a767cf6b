// Packets that are tried out leave no trace, and tell what becomes of them when they really come.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Gateway } from "../../src/gateway/gateway.ts";
import type { Outcome } from "../../src/gateway/outcome.ts";
import { NotTriedError, type Tried } from "../../src/gateway/try-out.ts";
import { MappingView } from "../../src/tables/mapping-entries.ts";
import { describePacket } from "../../src/wire/notation.ts";
import { nextPacket } from "./random-sequence.ts";
import { RandomTraffic, type Sent } from "./random-traffic.ts";

const SEED = Number(process.env["ISTHMUS_SEED"] ?? 20261123);
const WORLDS = 12;
const PACKETS = 250;
/** Most packets tried one after the other. */
const SEQUENCE_MAX = 4;
/** Packets that may come again. */
const REMEMBERED = 12;

/** All that may be seen of what a gateway holds and has counted. */
function stateOf(gateway: Gateway) {
  const { flows, pool, pipeline, names } = gateway.parts;
  const { vpcs } = names;
  // Also of those that only rest; free entries say nothing.
  const words = flows.tables.map((table) => {
    const { slab, layout, used } = table;
    const size = 2 * layout.words;
    const numbers = Array.from({ length: used }, (_, flow) => flow);
    return numbers
      .filter((flow) => table.state(flow) !== 0)
      .map((flow) => [flow, slab.words.slice(flow * size, (flow + 1) * size)]);
  });
  const { nat, limits } = flows;
  const { mappings } = nat;
  const publics = Array.from({ length: mappings.setCount }, (_, set) => {
    const { free, address } = mappings.ports(set);
    return { address, taken: free.taken };
  });
  return {
    mappings: mappingsOf(gateway),
    // One that was never used is made when somebody first asks for it.
    publics: publics.filter(({ taken }) => taken > 0),
    held: vpcs.map((_, vpc) => limits.held(vpc)),
    flows: gateway.flows(),
    counts: gateway.counts(),
    tracked: gateway.tracked(),
    free: pool.free,
    verdicts: pipeline.verdicts.slice(),
    // Both say which flows are looked at next, whether they are over.
    swept: flows.tables.map(({ used, sweeper }) => [used, sweeper.at]),
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

/** By number. */
function mappingsOf({ parts }: Gateway): [number, MappingView][] {
  const { mappings } = parts.flows.nat;
  const all: [number, MappingView][] = [];
  for (let mapping = 0; mapping < mappings.limit; mapping++) {
    const view = new MappingView();
    if (mappings.read(mapping, view)) all.push([mapping, view]);
  }
  return all;
}

interface Said {
  readonly sent: Sent;
  readonly outcome: ReturnType<typeof plain>;
  readonly answers: readonly { readonly to: string; readonly packet: Uint8Array }[];
  /** As it left, in one piece. */
  readonly left: Sent | undefined;
}

function say(sent: Sent, { outcomes: [first], answers }: Tried, vpcs: readonly string[]): Said {
  const { verdict, to = "", packet, pieces } = first!;
  const leaves = verdict === "sent" && pieces.length === 0;
  return {
    sent,
    outcome: plain(first!),
    answers: answers.map((each) => ({ to: each.to, packet: each.packet.slice() })),
    left: leaves ? { vpc: to, iface: vpcs.indexOf(to), bytes: packet.slice() } : undefined,
  };
}

/** Tries `first`, and by chance what may follow it. A fragment is left out. */
function tryOut(gateway: Gateway, traffic: RandomTraffic, first: Sent, before: readonly Sent[]) {
  const { random, now } = traffic;
  const { vpcs } = gateway.parts.names;
  const count = 1 + random.below(SEQUENCE_MAX);
  return gateway.tryOut(now, (send) => {
    const all: Said[] = [];
    for (let i = 0; i < count; i++) {
      const next = i === 0 ? first : nextPacket(random, [...before, first], all.at(-1)?.left);
      try {
        all.push(send(next.vpc, next.bytes, (tried) => say(next, tried, vpcs)));
      } catch (error) {
        if (!(error instanceof NotTriedError)) throw error;
      }
    }
    return all;
  });
}

/** What was said of a packet is what becomes of it in either gateway. */
function comeTrue(gateways: readonly Gateway[], { sent, outcome, answers }: Said, now: number) {
  for (const gateway of gateways) {
    gateway.receive(sent.iface, sent.bytes);
    gateway.run(now);
    assert.deepEqual(plain(gateway.outcome(0)), outcome);
    // They are not always sent: only so many a second.
    const answered = gateway.answers().map(({ to, packet }) => ({ to, packet: packet.slice() }));
    if (answered.length > 0) assert.deepEqual(answered, answers);
  }
}

function sorted(gateway: Gateway): string[] {
  return gateway
    .flows()
    .map((flow) => JSON.stringify(flow))
    .sort();
}

for (let world = 0; world < WORLDS; world++) {
  test(`property: world ${SEED + world}: what is tried out is undone, and comes true`, () => {
    // A third of the worlds have tables that are full, half have limits for VPCs, half times by which
    // a reset ends a flow at once.
    const capacity = world % 3 === 0 ? 12 : 2048;
    const traffic = new RandomTraffic(SEED + world, world % 2 === 1 ? 6 : undefined);
    const timers = world % 4 > 1 ? "reference" : "rfc";
    const make = () => traffic.gateway(capacity, { ports: "sequential", timers });
    const [tried, other] = [make(), make()];
    const both = [tried, other];
    const before: Sent[] = [];
    for (let i = 0; i < PACKETS; i++) {
      const sent = traffic.next();
      // What is over and has rested goes now, not in the middle.
      for (const gateway of both) gateway.sweep(2 * capacity, traffic.now);
      const state = stateOf(tried);
      // Some that do not come now, and some that do.
      if (before.length > 0) tryOut(tried, traffic, before[0]!, before);
      const said = tryOut(tried, traffic, sent, before);
      assert.deepEqual(
        stateOf(tried),
        state,
        `packet ${i}: ${said.map((each) => each.outcome.verdict)}`,
      );
      const coming = traffic.random.below(2) === 0 ? said : said.slice(0, 1);
      for (const each of coming) {
        comeTrue(both, each, traffic.now);
        if (each === said[0]) traffic.deliver(tried.outcome(0));
        for (const gateway of both) gateway.clear();
        before.push(each.sent);
      }
      before.splice(0, before.length - REMEMBERED);
    }
    assert.deepEqual(sorted(tried), sorted(other));
    assert.deepEqual({ ...tried.counts(), fast: 0 }, { ...other.counts(), fast: 0 });
  });
}
