import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { property } from "../../tests/support/property.ts";
import { plainMemory } from "../base/arena.ts";
import { DESTINATION, FlowDraft, NEW_DESTINATION, NEW_SOURCE, SOURCE } from "./flow-draft.ts";
import { FlowTable, FULL, IN_USE } from "./flow-table.ts";
import { RFC_TIMERS } from "./flow-timers.ts";
import { hashFourWordKeys, hashWords } from "./key-hash.ts";
import { KeyedSlab } from "./keyed-slab.ts";
import { PortSet } from "./port-set.ts";
import { VpcLimits } from "./vpc-flows.ts";

const hashKey = { k0: 0x03020100, k1: 0x07060504 };

test("HalfSipHash-1-3 is the same with a loop and without", () => {
  const keys = Int32Array.of(1, -2, 0x7fffffff, 0x12345678, 5, 6, -7, 8);
  const hashes = new Int32Array(2);
  hashFourWordKeys(keys, hashes, 2, 7, -9);
  assert.deepEqual([...hashes], [hashWords(keys, 0, 4, 7, -9), hashWords(keys, 4, 4, 7, -9)]);
});

interface Tuple {
  readonly source: number;
  readonly port: number;
}

function draftOf(v6: boolean, { source, port }: Tuple, tick = 0): FlowDraft {
  const draft = new FlowDraft();
  draft.v6 = v6;
  draft.protocol = 17;
  draft.from = 1;
  draft.to = 2;
  draft.tick = tick;
  draft.since = tick;
  draft.bytes[SOURCE + draft.size - 1] = source;
  draft.bytes[DESTINATION + draft.size - 1] = 99;
  draft.bytes[NEW_SOURCE + draft.size - 1] = source;
  draft.bytes[NEW_SOURCE] = 7;
  draft.bytes[NEW_DESTINATION + draft.size - 1] = 98;
  draft.sourcePort = port;
  draft.newSourcePort = port + 1000;
  draft.destinationPort = 80;
  draft.newDestinationPort = 8080;
  return draft;
}

function tableOf(v6: boolean, capacity: number, released: number[] = []): FlowTable {
  const release = (mapping: number) => {
    if (mapping >= 0) released.push(mapping);
  };
  return new FlowTable({
    limits: new VpcLimits(),
    v6,
    capacity,
    memory: plainMemory,
    hashKey,
    timers: [RFC_TIMERS],
    release,
  });
}

function find(table: FlowTable, draft: FlowDraft, reply: boolean): number {
  const { view, sourcePort, destinationPort, newSourcePort, newDestinationPort } = draft;
  return reply
    ? table.find(
        (2 << 8) | 17,
        view,
        NEW_DESTINATION,
        NEW_SOURCE,
        newDestinationPort,
        newSourcePort,
      )
    : table.find((1 << 8) | 17, view, SOURCE, DESTINATION, sourcePort, destinationPort);
}

const tuple = fc.record({ source: fc.nat({ max: 3 }), port: fc.nat({ max: 5 }) });
const operation = fc.record({ what: fc.constantFrom("insert", "remove", "find"), tuple });

for (const v6 of [false, true]) {
  property(
    `the flow table of ${v6 ? "IPv6" : "IPv4"} is a map of both keys`,
    [fc.array(operation, { maxLength: 80 })],
    (operations) => {
      const table = tableOf(v6, 12);
      const model = new Map<string, number>();
      for (const { what, tuple: each } of operations) {
        const name = `${each.source}:${each.port}`;
        const draft = draftOf(v6, each);
        const known = model.get(name);
        if (what === "insert") {
          const flow = table.insert(draft);
          if (known !== undefined) assert.equal(flow, IN_USE);
          else if (model.size === 12) assert.equal(flow, FULL);
          else model.set(name, flow);
        } else if (what === "remove" && known !== undefined) {
          table.remove(known);
          model.delete(name);
        }
        const flow = model.get(name);
        assert.equal(find(table, draft, false), flow === undefined ? -1 : 2 * flow);
        assert.equal(find(table, draft, true), flow === undefined ? -1 : 2 * flow + 1);
        assert.equal(table.count, model.size);
      }
    },
  );
}

test("a flow that is over rests before what it holds is given back", () => {
  const released: number[] = [];
  const table = tableOf(false, 4, released);
  const draft = draftOf(false, { source: 1, port: 1 });
  draft.mapping = 42;
  table.insert(draft);
  const unanswered = RFC_TIMERS.udp.oneWay / 100;
  assert.equal(table.alive(0, unanswered - 1), true);
  assert.equal(table.alive(0, unanswered), false);
  table.sweep(4, unanswered + 1199);
  assert.deepEqual(released, []);
  table.sweep(4, unanswered + 1200);
  assert.deepEqual(released, [42]);
});

test("the clock may pass the end of 32 bits", () => {
  const table = tableOf(false, 4);
  const tick = 0x7fffffff - 10;
  table.insert(draftOf(false, { source: 1, port: 1 }, tick));
  assert.equal(table.alive(0, (tick + 1000) | 0), true);
  assert.equal(table.alive(0, (tick + 1200) | 0), false);
});

property(
  "an index that was linked and unlinked at random finds what is linked",
  [fc.array(fc.tuple(fc.boolean(), fc.nat({ max: 15 })), { maxLength: 200 })],
  (operations) => {
    const slab = new KeyedSlab({
      capacity: 16,
      entryWords: 4,
      keyWords: 2,
      memory: plainMemory,
      hashKey,
    });
    const linked = new Set<number>();
    for (const [link, entry] of operations) {
      slab.words.set([entry & 3, entry], entry * 4);
      if (link && !linked.has(entry)) {
        slab.link(entry, slab.hash(slab.words, entry * 4));
        linked.add(entry);
      } else if (!link && linked.has(entry)) {
        slab.unlink(entry);
        linked.delete(entry);
      }
      for (let each = 0; each < 16; each++) {
        const key = Int32Array.of(each & 3, each);
        const found = slab.find(key, 0, slab.hash(key, 0));
        assert.equal(found, linked.has(each) ? each : -1);
      }
    }
  },
);

property(
  "a set of ports is a set",
  [
    fc.array(fc.tuple(fc.boolean(), fc.nat({ max: 65_535 }), fc.nat({ max: 70 })), {
      maxLength: 60,
    }),
    fc.nat({ max: 65_535 }),
  ],
  (operations, from) => {
    const ports = new PortSet();
    const taken = new Set<number>();
    for (const [take, near, more] of operations) {
      // Whole words and groups are filled too.
      for (let port = near; port <= Math.min(near + more, 65_535); port++) {
        if (take) {
          ports.take(port);
          taken.add(port);
        } else {
          ports.release(port);
          taken.delete(port);
        }
      }
    }
    let expected = from;
    while (expected <= 65_535 && taken.has(expected)) expected++;
    assert.equal(ports.nextFree(from, 65_535), expected > 65_535 ? -1 : expected);
    assert.equal(ports.isFree(from), !taken.has(from));
  },
);
