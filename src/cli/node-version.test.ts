import assert from "node:assert/strict";
import { test } from "node:test";
import { refusal } from "./node-version.ts";

test("a Node that is too old is refused in a sentence", () => {
  assert.equal(refusal("20.20.2"), "isthmus needs Node 22 or newer; this is Node 20.20.2.");
  assert.equal(refusal("22.0.0"), undefined);
  assert.equal(refusal("26.10.0"), undefined);
});
