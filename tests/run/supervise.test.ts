// The watchdog, with little patience, in this process.

import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import type { LogLine } from "../../src/live/data-path.ts";
import { EXIT_STUCK, supervise } from "../../src/live/supervisor.ts";
import { vpcs } from "./running.ts";

test("a data path that hangs is given up, and the log says where it was", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "isthmus hangs "));
  const file = path.join(folder, "gateway.yaml");
  writeFileSync(file, vpcs("blue"));
  const lines: LogLine[] = [];
  const signals = new EventEmitter();
  const code = await supervise({
    file,
    watch: true,
    log: (line) => lines.push(line),
    signals,
    apiSocket: false,
    dataPath: new URL("fake-data-path.ts?hang", import.meta.url).href,
    silenceMillis: 1000,
  });
  rmSync(folder, { recursive: true });
  assert.equal(code, EXIT_STUCK);
  const { level, message, details } = lines.at(-1)!;
  assert.equal(level, "error");
  assert.equal(message, "the data path does not go on; it was handling packets");
  assert.equal(details?.["turns"], 3);
  assert.deepEqual(signals.eventNames(), []);
});
