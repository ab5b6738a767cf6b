// The parts of bench/live work together: one short row, of the kernel alone. No speed is asserted.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { findProgram } from "../support/external-tool.ts";
import { whyNotLive } from "./namespaces.ts";

const why = whyNotLive();

test("bench/live measures the kernel", why === undefined ? {} : { skip: why }, (t) => {
  if (findProgram(t, "nft", "for the kernel's own NAT") === undefined) return;
  for (const scenario of ["cable", "vxlan"]) {
    const only = `--only=${scenario}, 64 bytes, kernel`;
    const words = ["bench/live/run.ts", "--json", "--seconds=0.3", only];
    const { status, stdout, stderr } = spawnSync(process.execPath, words, {
      encoding: "utf8",
      timeout: 60_000,
    });
    assert.deepEqual([status, stderr], [0, ""]);
    const row = JSON.parse(stdout);
    assert.equal(row.name, `${scenario}, 64 bytes, kernel, nftables`);
    assert.ok(row.kpps > 0 && row.kpps <= row.sentKpps * 1.1, stdout);
  }
});
