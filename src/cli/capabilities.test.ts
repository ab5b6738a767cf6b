import assert from "node:assert/strict";
import { test } from "node:test";
import { missingCapabilities } from "./capabilities.ts";

test("missing capabilities are named", () => {
  const missing = (effective: string) => missingCapabilities(`CapEff:\t${effective}\n`);
  assert.deepEqual(missing("0000000000000000"), ["CAP_NET_ADMIN", "CAP_NET_RAW"]);
  assert.deepEqual(missing("0000000000002000"), ["CAP_NET_ADMIN"]);
  assert.deepEqual(missing("000001ffffffffff"), []);
  assert.deepEqual(missingCapabilities("a kernel that does not say"), []);
});
