import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { property } from "../../tests/support/property.ts";
import {
  CLOSED_BY_HOSTS,
  DESTINATION,
  ENDPOINT_BEGIN,
  ENDPOINT_END,
  ENDPOINTS,
  FLOW_BEGIN,
  FLOW_END,
  FLOWS,
  FlowEvents,
  FROM,
  HEAD,
  IDLE,
  KIND_MASK,
  NOTHING,
  PORTS,
  PUBLIC,
  RECORD_WORDS,
  RESET_BY_HOSTS,
  REVOKED,
  SOURCE,
  TICK,
  TO,
  WITH_DESTINATION,
} from "./flow-events.ts";
import { RESTING, V4_LAYOUT } from "./flow-layout.ts";
import { CLOSED, ESTABLISHED, RESET } from "./flow-state.ts";

const ADDRESS = Uint8Array.of(198, 51, 100, 7);
const KEY = Int32Array.of((101 << 8) | 6, 102, 0x0a000004, 3000);

function ringOf(capacity: number, what = FLOWS, destinations = false): FlowEvents {
  const events = new FlowEvents((mapping) => mapping === 7);
  events.record(what, destinations, capacity);
  return events;
}

/** A table with one flow, that ends at tick 100. */
function tableOf(state: number) {
  const words = new Int32Array(32);
  for (const at of [0, 16]) {
    words[at + V4_LAYOUT.network] = ((at === 0 ? 101 : 102) << 8) | 6;
    words[at + V4_LAYOUT.deadline] = 100;
    words[at + V4_LAYOUT.state] = state;
    words[at + V4_LAYOUT.destination] = 0x14000008;
  }
  return { layout: V4_LAYOUT, v6: false, slab: { words } };
}

function taken(events: FlowEvents): Int32Array[] {
  const into = new Int32Array(64 * RECORD_WORDS);
  const count = events.take(into, 64);
  const numbers = Array.from({ length: count }, (_, index) => index * RECORD_WORDS);
  return numbers.map((at) => into.slice(at, at + RECORD_WORDS));
}

property(
  "records are taken in their order, and what found no room is counted",
  [fc.integer({ min: 1, max: 9 }), fc.array(fc.integer({ min: -6, max: 6 }), { maxLength: 60 })],
  (capacity, moves) => {
    const events = ringOf(capacity, ENDPOINTS);
    const waiting: number[] = [];
    const into = new Int32Array(16 * RECORD_WORDS);
    let lost = 0;
    let port = 0;
    for (const move of moves) {
      for (let i = 0; i < move; i++) {
        events.endpoint(ENDPOINT_BEGIN, KEY, 0, ADDRESS, ++port);
        if (waiting.length < capacity) waiting.push(port);
        else lost++;
      }
      if (move > 0) continue;
      const count = events.take(into, -move);
      const ports = Array.from(
        { length: count },
        (_, index) => into[index * RECORD_WORDS + PORTS]! & 0xffff,
      );
      assert.deepEqual(ports, waiting.splice(0, -move));
    }
    assert.deepEqual([events.count, events.lost], [waiting.length, lost]);
  },
);

test("an endpoint is recorded with who has it and who sees it", () => {
  const events = ringOf(4, ENDPOINTS);
  events.tick = 12;
  events.endpoint(ENDPOINT_END, KEY, 0, ADDRESS, 40001);
  const [record] = taken(events);
  assert.equal(record![HEAD], ENDPOINT_END | (6 << 8));
  assert.deepEqual([record![TICK], record![FROM], record![TO]], [12, 101, 102]);
  assert.equal(record![SOURCE], 0x0a000004);
  assert.equal(record![PUBLIC]! >>> 0, 0xc6336407);
  assert.equal(record![PORTS]! >>> 0, ((3000 << 16) | 40001) >>> 0);
});

for (const [name, state, tick, reason, at] of [
  ["one that was idle ended when its time was over", ESTABLISHED, 250, IDLE, 100],
  ["one that its hosts closed", CLOSED, 250, CLOSED_BY_HOSTS, 100],
  ["one that a host broke off", RESET, 250, RESET_BY_HOSTS, 100],
  ["one that is alive is ended by somebody, now", ESTABLISHED, 40, REVOKED, 40],
] as const) {
  test(`the end of a flow: ${name}`, () => {
    const events = ringOf(4);
    events.tick = tick;
    events.ended(tableOf(state), 0, -1);
    const [record] = taken(events);
    assert.equal(record![HEAD], FLOW_END | (6 << 8) | (reason << 16));
    assert.equal(record![TICK], at);
  });
}

test("of a flow that only rests the end has been told", () => {
  const events = ringOf(4);
  events.ended(tableOf(ESTABLISHED | RESTING), 0, -1);
  assert.equal(events.count, 0);
});

test("destinations are recorded only when asked for, and do not lie about later", () => {
  const events = ringOf(1, FLOWS, true);
  events.began(tableOf(ESTABLISHED), 0, -1);
  const [asked] = taken(events);
  assert.equal(asked![HEAD]! & WITH_DESTINATION, WITH_DESTINATION);
  assert.equal(asked![DESTINATION], 0x14000008);
  events.record(FLOWS, false, 1);
  events.began(tableOf(ESTABLISHED), 0, -1);
  const [unasked] = taken(events);
  assert.equal(unasked![HEAD]! & WITH_DESTINATION, 0);
  assert.equal(unasked![DESTINATION], 0);
});

test("where endpoints are recorded, flows are only when they share one", () => {
  const events = ringOf(4, ENDPOINTS);
  events.began(tableOf(ESTABLISHED), 0, -1);
  events.began(tableOf(ESTABLISHED), 0, 6);
  events.began(tableOf(ESTABLISHED), 0, 7);
  assert.deepEqual(
    taken(events).map((record) => record[HEAD]! & KIND_MASK),
    [FLOW_BEGIN],
  );
});

test("what waits stays when recording is turned off, and is still taken", () => {
  const events = ringOf(4, ENDPOINTS);
  events.endpoint(ENDPOINT_BEGIN, KEY, 0, ADDRESS, 1);
  events.record(NOTHING, false, 4);
  assert.equal(taken(events).length, 1);
});
