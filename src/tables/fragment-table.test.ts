import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { property } from "../../tests/support/property.ts";
import { Arena, plainMemory } from "../base/arena.ts";
import { ADDED, CROWDED, DUPLICATE, FragmentParts, OVERLAP, PARTS_MAX } from "./fragment-parts.ts";
import { FragmentTable, HEADED, HEADLESS, REFUSED } from "./fragment-table.ts";
import { Identifications } from "./identifications.ts";
import { WaitingRoom } from "./waiting-room.ts";

const hashKey = { k0: 0x03020100, k1: 0x07060504 };
const LATE = 62;
const SPOILT = 55;
const VPCS = 3;
const TIMEOUT = 50;

/** The same, with lists and sets: what a datagram is known by, and everybody who waits. */
interface Model {
  readonly since: number;
  readonly vpc: number;
  state: number;
  total: number;
  readonly parts: { begin: number; end: number; last: boolean }[];
  waiting: number[];
}

interface Ready {
  readonly frame: number;
  readonly reason: number;
  readonly vpc: number;
}

class Models {
  readonly datagrams = new Map<number, Model>();
  /** Of which everything has come: they have a place until time passes, but no key. */
  whole: Model[] = [];
  readonly ready: Ready[] = [];
  tick = 0;
  readonly limits: { datagrams: number; waiting: number };

  constructor(limits: { datagrams: number; waiting: number }) {
    this.limits = limits;
  }

  waitingOf(vpc?: number): number {
    const mine = (each: { vpc: number }) => vpc === undefined || each.vpc === vpc;
    const kept = [...this.datagrams.values()].filter(mine);
    const gone = this.ready.filter(mine).length;
    return kept.reduce((sum, { waiting }) => sum + waiting.length, gone);
  }

  handBack(model: Model, reason: number): void {
    for (const frame of model.waiting) this.ready.push({ frame, reason, vpc: model.vpc });
    model.waiting = [];
  }

  add(model: Model, begin: number, end: number, last: boolean): number {
    const same = model.parts.find((part) => part.begin === begin && part.end === end);
    if (same) return same.last === last ? DUPLICATE : OVERLAP;
    const clash = model.parts.some((part) => {
      if (part.begin < end && begin < part.end) return true;
      return (last && part.end > begin) || (part.last && (last || end > part.begin));
    });
    if (clash) return OVERLAP;
    model.parts.push({ begin, end, last });
    return ADDED;
  }
}

const operation = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({
      key: fc.nat({ max: 7 }),
      begin: fc.nat({ max: 5 }),
      units: fc.integer({ min: 1, max: 3 }),
      last: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ pass: fc.nat({ max: 40 }) }) },
  { weight: 3, arbitrary: fc.record({ take: fc.nat({ max: 3 }) }) },
);

property(
  "datagrams, their parts and who waits for them are those of a plain map",
  [
    fc.record({
      datagrams: fc.integer({ min: 4, max: 16 }),
      waiting: fc.integer({ min: 4, max: 16 }),
    }),
    fc.array(operation, { maxLength: 120 }),
  ],
  (limits, operations) => {
    const options = { datagrams: 16, waiting: 16, memory: plainMemory, hashKey, late: LATE };
    const table = new FragmentTable(options);
    const vnis = [1, 2, 3];
    table.setLimits({ timeoutTicks: TIMEOUT, vnis, ...limits });
    const models = new Models(limits);
    const words = new Int32Array(4);
    let frames = 0;

    const wait = (found: number, model: Model) => {
      words[0] = frames;
      const cell = table.hold(found, words, 0, 4, 0);
      const room =
        models.waitingOf() < limits.waiting &&
        models.waitingOf(model.vpc) < Math.ceil(limits.waiting / 4);
      assert.equal(cell >= 0, room);
      if (room) model.waiting.push(frames++);
      else {
        table.refuse(found, SPOILT);
        model.state = REFUSED;
        models.handBack(model, SPOILT);
      }
    };

    const arrive = (key: number, begin: number, end: number, last: boolean) => {
      const vpc = key % VPCS;
      table.key.fill(0);
      table.key[0] = (vnis[vpc]! << 8) | 17;
      table.key[1] = key;
      let found = table.find();
      let model = models.datagrams.get(key);
      assert.equal(found >= 0, model !== undefined);
      if (model === undefined) {
        found = table.open(vpc, models.tick);
        const all = [...models.datagrams.values(), ...models.whole];
        const mine = all.filter((each) => each.vpc === vpc).length;
        const full = all.length >= limits.datagrams || mine >= Math.ceil(limits.datagrams / 4);
        // Datagrams that were forgotten while somebody waits keep their place.
        if (found < 0 && !full) assert.ok(models.ready.length > 0);
        if (found < 0) return;
        assert.ok(!full);
        model = { since: models.tick, vpc, state: HEADLESS, total: -1, parts: [], waiting: [] };
        models.datagrams.set(key, model);
      }
      assert.equal(table.state[found], model.state);
      if (model.state === REFUSED) return;
      const added = table.parts.add(found, 8 * begin, 8 * end, last);
      assert.equal(added, models.add(model, begin, end, last));
      if (added === DUPLICATE) return;
      if (added !== ADDED) {
        table.refuse(found, SPOILT);
        model.state = REFUSED;
        models.handBack(model, SPOILT);
        return;
      }
      const whole = model.parts.find((part) => part.last)?.end ?? -1;
      const units = model.parts.reduce((sum, part) => sum + part.end - part.begin, 0);
      assert.equal(table.parts.complete(found), units === whole);
      if (units === whole) {
        table.finish(found);
        models.datagrams.delete(key);
        models.whole.push(model);
      }
      if (begin === 0) {
        table.admit(found);
        model.state = HEADED;
        models.handBack(model, 0);
      } else if (model.state === HEADLESS) wait(found, model);
    };

    const take = (count: number) => {
      for (let i = 0; i < count && models.ready.length > 0; i++) {
        const expected = models.ready.shift();
        const cell = table.ready;
        table.room.load(cell, words, 0);
        assert.deepEqual(
          { frame: words[0], reason: table.room.reason[cell] },
          { frame: expected?.frame, reason: expected?.reason },
        );
        table.takeReady();
      }
      assert.equal(table.ready >= 0, models.ready.length > 0);
    };

    const pass = (ticks: number) => {
      // Whoever was handed back has gone on before time passes, as in the gateway.
      take(models.ready.length);
      models.tick += ticks;
      for (const [key, model] of models.datagrams) {
        if (models.tick - model.since < TIMEOUT) continue;
        models.handBack(model, LATE);
        models.datagrams.delete(key);
      }
      models.whole = [];
      table.pass(models.tick);
    };

    for (const each of operations) {
      if ("pass" in each) pass(each.pass);
      else if ("take" in each) take(each.take);
      else arrive(each.key, each.begin, each.begin + each.units, each.last);
      assert.equal(table.room.count, models.waitingOf());
    }
    take(models.ready.length);
    pass(TIMEOUT);
    take(models.ready.length);
    assert.equal(table.count, 0);
    assert.equal(table.room.count, 0);
  },
);

test("who was handed back keeps the place of a datagram that is forgotten until it goes on", () => {
  const options = { datagrams: 4, waiting: 4, memory: plainMemory, hashKey, late: LATE };
  const table = new FragmentTable(options);
  table.setLimits({ timeoutTicks: TIMEOUT, vnis: [1], datagrams: 4, waiting: 4 });
  table.key[0] = 1 << 8;
  const found = table.open(0, 0);
  assert.ok(table.hold(found, new Int32Array(1), 0, 4, 0) >= 0);
  table.pass(TIMEOUT - 1);
  assert.equal(table.ready, -1);
  table.pass(TIMEOUT);
  assert.equal(table.room.reason[table.ready], LATE);
  assert.equal(table.find(), -1, "its key is free");
  assert.equal(table.open(0, TIMEOUT), -1, "its place is not");
  // The VPC goes, and its accounts with it.
  table.setLimits({ timeoutTicks: TIMEOUT, vnis: [2], datagrams: 4, waiting: 4 });
  table.takeReady();
  assert.deepEqual([table.count, table.room.count, table.ready], [0, 0, -1]);
  assert.ok(table.open(0, TIMEOUT) >= 0);
});

test("the last part is compared by bytes, others end at units of eight", () => {
  const parts = new FragmentParts(new Arena(FragmentParts.bytesEach + 512, plainMemory), 1);
  parts.clear(0);
  assert.equal(parts.add(0, 16, 21, true), ADDED);
  assert.equal(parts.add(0, 16, 21, true), DUPLICATE);
  assert.equal(parts.add(0, 16, 22, true), OVERLAP);
  assert.equal(parts.add(0, 16, 24, false), OVERLAP);
  assert.equal(parts.add(0, 0, 16, false), ADDED);
  assert.ok(parts.complete(0));
});

test("a last part may be empty, and come first or last", () => {
  const parts = new FragmentParts(new Arena(FragmentParts.bytesEach + 512, plainMemory), 1);
  for (const order of [true, false]) {
    parts.clear(0);
    assert.equal(parts.add(0, order ? 0 : 16, 16, !order), ADDED);
    assert.equal(parts.add(0, order ? 16 : 0, 16, order), ADDED);
    assert.ok(parts.complete(0));
  }
  assert.equal(parts.add(0, 8, 24, false), OVERLAP);
});

test("the longest datagram has room for all its parts, and one that is cut finer has not", () => {
  const parts = new FragmentParts(new Arena(FragmentParts.bytesEach + 512, plainMemory), 1);
  parts.clear(0);
  for (let i = 0; i < PARTS_MAX; i++) assert.equal(parts.add(0, 8 * i, 8 * i + 8, false), ADDED);
  assert.equal(parts.add(0, 8 * PARTS_MAX, 8 * PARTS_MAX + 8, false), CROWDED);
  parts.clear(0);
  assert.equal(parts.add(0, 65_528, 65_535, true), ADDED);
  assert.equal(parts.add(0, 0, 65_528, false), ADDED);
  assert.ok(parts.complete(0));
});

property(
  "frames of any length come out of the waiting room as they went in",
  [
    fc.array(fc.record({ length: fc.integer({ min: 1, max: 5000 }), free: fc.nat() }), {
      maxLength: 60,
    }),
  ],
  (frames) => {
    const room = new WaitingRoom(8, plainMemory);
    const held: { cell: number; words: Int32Array; length: number }[] = [];
    let blocks = 32;
    let seed = 1;
    for (const { length, free } of frames) {
      const words = Int32Array.from({ length: 1250 }, () => (seed = Math.imul(seed, 69069) + 1));
      const cell = room.store(words, 0, length, 7);
      const needed = Math.ceil(length / 512);
      assert.equal(cell >= 0, held.length < 8 && needed <= blocks);
      if (cell >= 0) {
        held.push({ cell, words, length });
        blocks -= needed;
      }
      if (held.length === 0 || free % 2 === 0) continue;
      const [out] = held.splice(free % held.length, 1);
      const back = new Int32Array(1250);
      room.load(out!.cell, back, 0);
      const bytes = (all: Int32Array) => new Uint8Array(all.buffer).subarray(0, out!.length);
      assert.deepEqual(bytes(back), bytes(out!.words));
      assert.equal(room.length[out!.cell], out!.length);
      room.free(out!.cell);
      blocks += Math.ceil(out!.length / 512);
      assert.equal(room.count, held.length);
    }
  },
);

test("identifications between two hosts do not repeat for 65,536 datagrams", () => {
  const identifications = new Identifications(hashKey);
  const view = new DataView(new ArrayBuffer(32));
  view.setUint32(0, 0x0a000001);
  const seen = new Set<number>();
  for (let i = 0; i < 65_536; i++) seen.add(identifications.next(view, 0, 4, 17) & 0xffff);
  assert.equal(seen.size, 65_536);
  const other = new Identifications({ k0: 1, k1: 2 });
  const first = (protocol: number) => other.next(view, 0, 4, protocol) & 0xffff;
  assert.notEqual(first(17), first(6));
});
