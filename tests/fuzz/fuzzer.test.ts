// The fuzzer itself: it finds what is there to be found, makes it small, and does the same again.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fuzz } from "./fuzzer.ts";
import { damage, joined } from "./mutate-bytes.ts";
import type { Target } from "./target.ts";
import { notation } from "./targets/notation.ts";

/** Breaks at the second byte 7 of all inputs together, when 9 follows it. */
const fragile: Target<Uint8Array> = {
  name: "fragile",
  unit: "inputs",
  corpus: "none",
  extension: "bin",
  seeds: () => [Uint8Array.from({ length: 12 }, (_, at) => at % 5)],
  mutate: damage,
  split: (bytes) => Array.from(bytes, (byte) => Uint8Array.of(byte)),
  join: (parts) => joined(...parts),
  read: (bytes) => bytes,
  write: (bytes) => bytes,
  judge() {
    let sevens = 0;
    return (bytes) => {
      for (const [at, byte] of bytes.entries()) {
        if (byte === 7) sevens++;
        if (byte === 7 && sevens > 1 && bytes[at + 1] === 9) throw new Error("a seven and a nine");
      }
      return 1;
    };
  },
};

test("what needs a history is found, and left with no more than it needs", async () => {
  const isOver = (inputs: number) => inputs >= 60_000;
  const { findings } = await fuzz(fragile, [], { seed: 1, isOver });
  const [finding] = findings;
  assert.ok(finding !== undefined);
  assert.deepEqual([...finding.file], [7, 7, 9]);
  assert.match(finding.message, /a seven and a nine/);
});

test("a seed repeats a run, and another does something else", async () => {
  const inputsOf = async (seed: number) => {
    const inputs: string[] = [];
    const judge = () => (input: string) => inputs.push(input);
    await fuzz({ ...notation, judge }, [], { seed, isOver: () => inputs.length > 500 });
    return inputs;
  };
  const first = await inputsOf(1);
  assert.deepEqual(await inputsOf(1), first);
  assert.notDeepEqual(await inputsOf(2), first);
});
