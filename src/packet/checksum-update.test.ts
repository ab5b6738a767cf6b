import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { property } from "../../tests/support/property.ts";
import { byteSum, fold, updateChecksum, updateUdpChecksum, wordSum } from "./checksum-update.ts";

const words = fc.uint8Array({ minLength: 20, maxLength: 20 });
const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

/** Writes the right checksum of all of it into bytes 0 and 1. */
function seal(bytes: Uint8Array): void {
  const view = viewOf(bytes);
  view.setUint16(0, 0);
  view.setUint16(0, ~byteSum(view, 0, bytes.length) & 0xffff);
}

test("the example of RFC 1624, section 4", () => {
  const view = new DataView(new ArrayBuffer(2));
  view.setUint16(0, 0xdd2f);
  updateChecksum(view, 0, 0x5555, 0x3285);
  assert.equal(view.getUint16(0), 0x0000);
});

property(
  "an updated checksum is right when it was right before",
  [words, words],
  (before, replacement) => {
    const bytes = Uint8Array.from(before);
    bytes[18] = 1; // Not all zero: then 0 and 0xffff would both be right.
    seal(bytes);
    const view = viewOf(bytes);
    const old = wordSum(view, 4, 12);
    bytes.set(replacement.subarray(4, 12), 4);
    updateChecksum(view, 0, old, wordSum(view, 4, 12));
    assert.equal(byteSum(view, 0, bytes.length), 0xffff);
  },
  { runs: 1000 },
);

property(
  "and exactly as wrong as it was when it was wrong",
  [words, words, fc.integer({ min: 1, max: 0xfffe })],
  (before, replacement, error) => {
    const bytes = Uint8Array.from(before);
    bytes[18] = 1;
    seal(bytes);
    const view = viewOf(bytes);
    view.setUint16(0, fold(view.getUint16(0) + error));
    const sum = byteSum(view, 0, bytes.length);
    const old = wordSum(view, 4, 12);
    bytes.set(replacement.subarray(4, 12), 4);
    updateChecksum(view, 0, old, wordSum(view, 4, 12));
    assert.equal(byteSum(view, 0, bytes.length), sum);
    assert.notEqual(sum, 0xffff);
  },
  { runs: 1000 },
);

test("a UDP checksum of zero stays zero, and a sum of zero is written as all ones (RFC 768)", () => {
  const view = new DataView(new ArrayBuffer(4));
  updateUdpChecksum(view, 0, 0x1234, 0x4321);
  assert.equal(view.getUint16(0), 0);
  view.setUint16(0, 0xdd2f);
  updateUdpChecksum(view, 0, 0x5555, 0x3285);
  assert.equal(view.getUint16(0), 0xffff);
});

test("an odd last byte counts as the high half of a word (RFC 1071)", () => {
  assert.equal(byteSum(viewOf(Uint8Array.of(0x12, 0x34, 0x56)), 0, 3), 0x1234 + 0x5600);
});
