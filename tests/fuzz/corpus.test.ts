// Every input of the corpus again: what has reached much code, and what once was wrong.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { root } from "../support/source-files.ts";
import { corpusFiles, replay } from "./session.ts";
import { targets } from "./targets.ts";

const CORPUS_BYTES_MAX = 300_000;

let bytes = 0;
for (const target of targets) {
  const files = corpusFiles(target);
  for (const path of files) bytes += readFileSync(`${root}${path}`).length;
  test(`${target.name}: ${files.length} inputs of the corpus`, () => {
    assert.ok(files.length > 0, "there is a corpus");
    for (const path of files) {
      try {
        replay(target, readFileSync(`${root}${path}`));
      } catch (error) {
        throw new Error(`npm run fuzz -- --target ${target.name} --repeat ${path}`, {
          cause: error,
        });
      }
    }
  });
}

test("the corpus is small", () => {
  // Two targets share the packets.
  assert.ok(bytes < 2 * CORPUS_BYTES_MAX, `${bytes} bytes; leave out the largest inputs`);
});
