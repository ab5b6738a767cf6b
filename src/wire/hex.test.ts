import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { property } from "../../tests/support/property.ts";
import { fromHex, toHex } from "./hex.ts";

test("bytes are two digits each", () => {
  assert.equal(toHex(Uint8Array.of(0, 10, 255)), "000aff");
  assert.equal(toHex(new Uint8Array(0)), "");
});

property("what is written in digits can be read again", [fc.uint8Array()], (bytes) => {
  assert.deepEqual(fromHex(toHex(bytes)), Uint8Array.from(bytes));
});
