// Drivers make nothing for a packet: some hundred thousand frames, and no collection of garbage.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { whyNotLive } from "./namespaces.ts";

const why = whyNotLive();
const script = fileURLToPath(new URL("steady-wire.ts", import.meta.url));

for (const driver of ["AF_PACKET", "AF_PACKET, whole", "AF_XDP", "TAP"]) {
  test(`${driver} allocates nothing per packet`, why === undefined ? {} : { skip: why }, () => {
    const words = ["--trace-gc", "--expose-gc", script, driver];
    const { stdout, stderr, status } = spawnSync(process.execPath, words, { encoding: "utf8" });
    assert.equal(status, 0, stderr);
    const after = stdout.split("steady state begins\n")[1] ?? "";
    const [during = "", result = ""] = after.split("steady state ends\n");
    assert.doesNotMatch(during, /Scavenge|Mark-Compact/, "no garbage collection in between");
    const { received = 0, bytes = 0 } = JSON.parse(result.split("\n")[0] ?? "");
    assert.ok(received > 200_000, `${received} frames came`);
    // A number boxed for each long frame would be five bytes a frame.
    assert.ok(bytes < 2 * received, `${bytes} bytes for ${received} frames`);
  });
}
