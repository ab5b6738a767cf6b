import assert from "node:assert/strict";
import { test } from "node:test";
import { plainMemory } from "../base/arena.ts";
import { NeighborTable } from "../tables/neighbor-table.ts";
import { parseIpAddress } from "../wire/ip-address.ts";
import { Neighbors } from "./neighbors.ts";

const HOST = parseIpAddress("2001:db8::8")!;
const A = Uint8Array.of(2, 0, 0, 0, 0, 1);
const B = Uint8Array.of(2, 0, 0, 0, 0, 2);

function start() {
  const hashKey = { k0: 1, k1: 2 };
  const table = new NeighborTable({ capacity: 8, memory: plainMemory, hashKey });
  const happened: string[] = [];
  const neighbors = new Neighbors(table, {
    ask: ({ mac }) => happened.push(mac ? "asked there" : "asked all"),
    moved: ({ mac }) => happened.push(mac ? `at ${mac[5]}` : "unknown"),
    lost: () => happened.push("lost"),
  });
  const heard = (mac: Uint8Array, override: boolean, now: number) =>
    neighbors.heard(0, HOST, { mac, vtep: 0, override, isNew: true }, now);
  /** What happened up to then, a look each second. */
  const until = (from: number, to: number) => {
    for (let now = from; now <= to; now += 1000) neighbors.tick(now);
    return happened.splice(0);
  };
  return { table, neighbors, happened, heard, until };
}

test("who does not say that it is to be believed changes nothing (RFC 4861, 7.2.5)", () => {
  const { heard, happened } = start();
  heard(A, true, 0);
  heard(B, false, 1);
  assert.deepEqual(happened, ["at 1"]);
  heard(B, true, 2);
  assert.deepEqual(happened, ["at 1", "at 2"]);
});

test("one that nobody sends to is forgotten after ten minutes, and not asked for", () => {
  const { heard, table, until } = start();
  heard(A, true, 0);
  assert.equal(table.count, 1);
  assert.deepEqual(until(0, 600_000), ["at 1"]);
  assert.equal(table.count, 1);
  assert.deepEqual(until(601_000, 640_000), []);
  assert.equal(table.count, 0);
});

test("one that a route leads through is asked for again, ten seconds after it was given up", () => {
  const { neighbors, until } = start();
  neighbors.pin(0, HOST, 0);
  const first = until(0, 5000);
  assert.equal(first.filter((each) => each === "asked all").length, 3);
  assert.equal(first.at(-1), "lost");
  assert.deepEqual(until(6000, 12_000), []);
  assert.ok(until(13_000, 16_000).includes("asked all"));
});
