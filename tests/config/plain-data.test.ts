// A configuration goes from thread to thread as a copy (src/live/messages.ts).

import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { loadConfig } from "../../src/config/load.ts";
import { natModes } from "../../src/nat/modes.ts";
import { root } from "../support/source-files.ts";

test("a configuration is plain data: its copy is the same", () => {
  const files = globSync(`${root}examples/*.yaml`);
  assert.ok(files.length > 5);
  for (const file of files) {
    const { config } = loadConfig(readFileSync(file, "utf8"), file, natModes);
    assert.ok(config, file);
    assert.deepStrictEqual(structuredClone(config), config, file);
  }
});

test("the data path reads no text: packets would wait for it", () => {
  const worker = readFileSync(`${root}src/live/worker.ts`, "utf8");
  assert.doesNotMatch(worker, /loadConfig|config\/load/);
});
