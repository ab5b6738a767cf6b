// The steady state makes no garbage: after warming up, some million packets cause no collection and
// leave the heap as it was.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

test("two million packets through the whole pipeline allocate nothing per packet", () => {
  const script = fileURLToPath(new URL("support/steady-state.ts", import.meta.url));
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ["--trace-gc", "--expose-gc", script],
    { encoding: "utf8" },
  );
  assert.equal(status, 0, stderr);
  const after = stdout.split("steady state begins\n")[1] ?? "";
  const [during = "", result = ""] = after.split("steady state ends\n");
  assert.doesNotMatch(during, /Scavenge|Mark-Compact/, "no garbage collection in between");
  const { packets, fast, bytes } = JSON.parse(result.split("\n")[0] ?? "") as Record<
    string,
    number
  >;
  assert.ok(fast! > packets! / 4, `${fast} of ${packets} packets took the fast path`);
  // One event or timer of the runtime may fall in between; one byte a packet may not.
  assert.ok(bytes! < packets! / 4, `${bytes} bytes for ${packets} packets`);
});
