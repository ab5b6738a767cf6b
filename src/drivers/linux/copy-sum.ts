// Data path.
// Copying bytes and summing them for a checksum (RFC 1071) at once, as both look at every byte. The
// sum does not depend on the byte order, so whole words are taken as they lie.

import { fold, swapBytes } from "../../packet/checksum-update.ts";

/** Copies `length` bytes, at most 65,536; returns their sum as words of 16 bits, folded. An odd
 * last byte counts as the high half of a word. */
export function copySum(
  from: DataView,
  fromAt: number,
  to: DataView,
  toAt: number,
  length: number,
): number {
  let sum = 0;
  const whole = length & ~3;
  for (let i = 0; i < whole; i += 4) {
    const word = from.getInt32(fromAt + i, true);
    to.setInt32(toAt + i, word, true);
    sum += (word & 0xffff) + (word >>> 16);
  }
  for (let i = whole; i < length; i++) {
    const byte = from.getUint8(fromAt + i);
    to.setUint8(toAt + i, byte);
    sum += (i & 1) === 0 ? byte : byte << 8;
  }
  return swapBytes(fold(sum));
}
