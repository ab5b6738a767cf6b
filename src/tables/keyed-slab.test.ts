import assert from "node:assert/strict";
import { test } from "node:test";
import { plainMemory } from "../base/arena.ts";
import { seededRandom } from "../base/random.ts";
import { KeyedSlab } from "./keyed-slab.ts";

const HASH_KEY = { k0: 0x12345678, k1: 0x0badcafe };

/** Links and unlinks entries at random, and asks for all keys after each step. `fill`: of 100, how
 * full the table is kept. */
function exercise(keyWords: number, capacity: number, usual: number, fill: number): void {
  const slab = new KeyedSlab({
    capacity,
    usual,
    entryWords: 16,
    keyWords,
    memory: plainMemory,
    hashKey: HASH_KEY,
  });
  const random = seededRandom(capacity + keyWords);
  const entryOf = new Map<number, number>();
  const free = Array.from({ length: capacity }, (_, entry) => entry);
  const key = new Int32Array(keyWords);
  const writeKey = (name: number) => key.fill(name, 0, 1).fill(-name, keyWords - 1);
  const find = (name: number) => {
    writeKey(name);
    return slab.find(key, 0, slab.hash(key, 0));
  };
  for (let step = 0; step < 3000; step++) {
    const name = 1 + random.below(2 * capacity);
    const entry = entryOf.get(name);
    const full = entryOf.size * 100 >= capacity * fill;
    if (entry !== undefined && (full || random.below(3) === 0)) {
      slab.unlink(entry);
      free.push(entry);
      entryOf.delete(name);
    } else if (entry === undefined && !full) {
      const taken = free.pop()!;
      writeKey(name);
      slab.words.set(key, taken * 16);
      slab.link(taken, slab.hash(key, 0));
      entryOf.set(name, taken);
    }
    if (step % 50 !== 0) continue;
    for (let each = 1; each <= 2 * capacity; each++) {
      assert.equal(find(each), entryOf.get(each) ?? -1, `step ${step}, key ${each}`);
    }
  }
}

test("entries are found by their keys, and only those that are linked", () => {
  exercise(4, 300, 300, 100);
  exercise(10, 200, 200, 90);
});

test("also where far more are linked than usual, and far from their first slots", () => {
  exercise(4, 255, 10, 100);
  exercise(10, 127, 10, 100);
  exercise(4, 1, 1, 100);
});
