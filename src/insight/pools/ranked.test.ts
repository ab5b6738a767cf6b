import assert from "node:assert/strict";
import fc from "fast-check";
import { property } from "../../../tests/support/property.ts";
import { Ranked } from "./ranked.ts";

property(
  "the first of all that came, in the order in which a stable sort puts them",
  [fc.array(fc.nat({ max: 20 }), { maxLength: 60 }), fc.nat({ max: 12 })],
  (ranks, most) => {
    const ranked = new Ranked<number>(most);
    for (const [index, rank] of ranks.entries()) ranked.enter(rank, index);
    const sorted = [...ranks.keys()].toSorted((a, b) => ranks[b]! - ranks[a]!);
    assert.deepEqual(ranked.items, sorted.slice(0, most));
  },
);
