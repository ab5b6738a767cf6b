import assert from "node:assert/strict";
import fc from "fast-check";
import { property } from "../../../tests/support/property.ts";
import { byteSum } from "../../packet/checksum-update.ts";
import { sumBytes } from "../../wire/checksum.ts";
import { copySum } from "./copy-sum.ts";

/** Zero and all ones are one number. */
function same(a: number, b: number): boolean {
  return a % 0xffff === b % 0xffff;
}

property(
  "bytes are summed as a slow loop sums them, and copied, wherever they stand",
  [fc.uint8Array({ maxLength: 200 }), fc.nat({ max: 7 }), fc.nat({ max: 7 })],
  (bytes, from, to) => {
    const source = new Uint8Array(from + bytes.length + 8).fill(0xaa);
    source.set(bytes, from);
    const target = new Uint8Array(to + bytes.length + 8).fill(0xbb);
    const view = new DataView(source.buffer);
    const expected = sumBytes(bytes);
    const copied = copySum(view, from, new DataView(target.buffer), to, bytes.length);
    assert.ok(same(copied, expected));
    assert.ok(same(byteSum(view, from, from + bytes.length), expected));
    assert.deepEqual(target.subarray(to, to + bytes.length), bytes);
    const around = [...target.subarray(0, to), ...target.subarray(to + bytes.length)];
    assert.ok(around.every((byte) => byte === 0xbb));
  },
);

property(
  "the longest frame of ones does not overflow the sum",
  [fc.constantFrom(65_535, 65_536)],
  (length) => {
    const view = new DataView(new Uint8Array(length).fill(0xff).buffer);
    assert.ok(same(byteSum(view, 0, length), sumBytes(new Uint8Array(length).fill(0xff))));
  },
  { runs: 2 },
);
