import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { property } from "../../../../tests/support/property.ts";
import { finish } from "../../work.ts";
import { least } from "./least.ts";

interface Item {
  readonly key: number;
  readonly distance: number | undefined;
}

const item: fc.Arbitrary<Item> = fc.record({
  key: fc.nat(4),
  distance: fc.option(fc.nat(9), { nil: undefined }),
});
const distanceOf = ({ distance }: Item) => distance;

property(
  "they are the first of all when these are sorted, one of each key",
  [fc.array(item, { maxLength: 40 }), fc.integer({ min: 1, max: 4 })],
  (items, most) => {
    const near = items.filter(({ distance }) => distance !== undefined);
    const sorted = near.sort((a, b) => a.distance! - b.distance!);
    assert.deepEqual(finish(least(items, distanceOf, { most })), sorted.slice(0, most));
    const firsts = sorted.filter((each, at) => at === sorted.findIndex((o) => o.key === each.key));
    const keyOf = ({ key }: Item) => key;
    assert.deepEqual(finish(least(items, distanceOf, { most, keyOf })), firsts.slice(0, most));
  },
);

test("it stops now and then, and looks no farther than it has got", () => {
  let looked = 0;
  function* numbers() {
    for (let i = 1000; i > 0; i--) {
      looked++;
      yield i;
    }
  }
  const work = least(numbers(), (each) => each, { most: 2 });
  let stops = 0;
  while (work.next().done === false) assert.ok(looked <= 64 * ++stops);
  assert.deepEqual([looked, stops], [1000, 15]);
});
