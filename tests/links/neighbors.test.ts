// The rules by which a neighbor is asked for, confirmed and forgotten, with times.

import assert from "node:assert/strict";
import { test } from "node:test";
import { plainMemory } from "../../src/base/arena.ts";
import { Neighbors, type Place } from "../../src/links/neighbors.ts";
import { NeighborTable } from "../../src/tables/neighbor-table.ts";
import { formatIpAddress, parseIpAddress } from "../../src/wire/ip-address.ts";
import { formatMac, parseMac } from "../../src/wire/mac.ts";

const HERE = "02:00:00:00:00:01";
const THERE = "02:00:00:00:00:02";
const ADDRESS = parseIpAddress("10.0.0.8")!;
const LINK = 3;

/** With what is asked and lost, and packets that go to addresses. */
function scene(capacity = 16) {
  const table = new NeighborTable({ capacity, memory: plainMemory, hashKey: { k0: 1, k1: 2 } });
  const said: string[] = [];
  const neighbors = new Neighbors(table, {
    ask: ({ address, mac }) =>
      said.push(`ask ${mac ? formatMac(mac) : "all"} for ${formatIpAddress(address)}`),
    moved: ({ mac }) => said.push(`at ${mac ? formatMac(mac) : "no place"}`),
    lost: ({ address }) => said.push(`lost ${formatIpAddress(address)}`),
  });
  const view = new DataView(new ArrayBuffer(4));
  return {
    table,
    neighbors,
    /** The entry of 10.0.0.`last`. */
    send(last: number, now: number): number {
      view.setUint32(0, 0x0a000000 | last);
      const entry = table.reach(LINK, view, 0, 0);
      if (entry >= 0) table.used[entry] = 1;
      neighbors.takeFresh(now);
      return entry;
    },
    hear(mac: string, now: number, more: Partial<Place> = {}): void {
      const place = { mac: parseMac(mac)!, vtep: 0, override: true, isNew: false, ...more };
      neighbors.heard(LINK, ADDRESS, place, now);
    },
    /** What is said up to then, with a look each second. */
    until(from: number, to: number): string[] {
      for (let now = from; now <= to; now += 1000) neighbors.tick(now);
      return said.splice(0);
    },
    take: () => said.splice(0),
  };
}

test("without the override flag another place is not believed (RFC 4861, 7.2.5)", () => {
  const { send, hear, take } = scene();
  send(8, 0);
  hear(HERE, 10, { override: false });
  assert.deepEqual(take(), ["ask all for 10.0.0.8", `at ${HERE}`]);
  hear(THERE, 20, { override: false });
  assert.deepEqual(take(), []);
  hear(THERE, 30);
  assert.deepEqual(take(), [`at ${THERE}`]);
});

test("one that packets go to is asked again where it was, one that none go to is not", () => {
  const { send, hear, until } = scene();
  send(8, 0);
  hear(HERE, 0);
  const first = until(1000, 31_000).slice(2);
  assert.deepEqual(first.slice(0, 1), [`ask ${HERE} for 10.0.0.8`]);
  hear(HERE, 31_500);
  assert.deepEqual(until(32_000, 300_000), []);
});

test("one that nobody sends to is forgotten ten minutes after it was heard", () => {
  const { table, hear, until } = scene();
  hear(HERE, 0, { isNew: true });
  until(1000, 590_000);
  assert.equal(table.count, 1);
  until(591_000, 640_000);
  assert.equal(table.count, 0);
});

test("a router that does not answer is asked again every ten seconds", () => {
  const { table, neighbors, until } = scene();
  neighbors.pin(LINK, ADDRESS, 0);
  const said = until(0, 25_000);
  const round = [...Array<string>(3).fill("ask all for 10.0.0.8"), "lost 10.0.0.8"];
  assert.deepEqual(said, [...round, ...round]);
  assert.equal(table.count, 1);
});

test("no more than a quarter of the table is asked for at a time", () => {
  const { send, neighbors, hear, until } = scene();
  const sent = (from: number, now: number) =>
    Array.from({ length: 8 }, (_, i) => send(from + i, now)).filter((entry) => entry >= 0).length;
  assert.equal(sent(8, 0), 5);
  neighbors.tick(100);
  hear(HERE, 200);
  neighbors.tick(300);
  assert.equal(sent(100, 300), 1);
  until(1000, 5000);
  assert.equal(sent(200, 5000), 5);
});
