// Data path.
// Checksums follow a change without being computed anew (RFC 1624, equation 3), so that what came
// in wrong goes out wrong and the receiver notices.

/** One's-complement sum of the 16-bit words from `at` to `end`, folded to 16 bits. */
export function wordSum(view: DataView, at: number, end: number): number {
  let sum = 0;
  for (let i = at; i < end; i += 2) sum += view.getUint16(i);
  return fold(sum);
}

/** The same for any length up to 65,536: an odd last byte counts as the high half of a word. The
 * sum does not depend on the byte order (RFC 1071, 2), so four bytes are taken as they lie. */
export function byteSum(view: DataView, at: number, end: number): number {
  let sum = 0;
  const whole = at + ((end - at) & ~3);
  for (let i = at; i < whole; i += 4) {
    const word = view.getInt32(i, true);
    sum += (word & 0xffff) + (word >>> 16);
  }
  for (let i = whole; i < end; i++) {
    const byte = view.getUint8(i);
    sum += ((i - at) & 1) === 0 ? byte : byte << 8;
  }
  return swapBytes(fold(sum));
}

/** A folded sum of little-endian words, as one of big-endian ones. */
export function swapBytes(sum: number): number {
  return ((sum & 0xff) << 8) | (sum >>> 8);
}

export function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + (folded >>> 16);
  return folded;
}

/** Replaces `before` by `after` (folded sums of the words that changed) in the checksum at `at`. */
export function updateChecksum(view: DataView, at: number, before: number, after: number): void {
  const sum = (~view.getUint16(at) & 0xffff) + (~before & 0xffff) + after;
  view.setUint16(at, ~fold(sum) & 0xffff);
}

/** The same for UDP: zero means "no checksum" and stays, a sum of zero is written as all ones. */
export function updateUdpChecksum(view: DataView, at: number, before: number, after: number): void {
  if (view.getUint16(at) === 0) return;
  updateChecksum(view, at, before, after);
  if (view.getUint16(at) === 0) view.setUint16(at, 0xffff);
}

/** An ICMP message may be all zeros, which no header is that RFC 1624 speaks of: an echo reply with
 * identifier 0. The checksum of zeros is all ones, and where only the rest of the message is zero
 * all ones is as good as the zero that the update gave. */
export function mendZeroMessage(view: DataView, message: number): void {
  if ((view.getUint32(message) | view.getUint16(message + 4)) === 0) {
    view.setUint16(message + 2, 0xffff);
  }
}

/** Whether the ICMP message from `message` to `end` is all zeros, its checksum included. That is
 * wrong, as it should be all ones, and no update can tell the two apart. */
export function isZeroMessage(view: DataView, message: number, end: number): boolean {
  for (let i = message; i < end; i++) if (view.getUint8(i) !== 0) return false;
  return true;
}

/** Sum of the ICMPv6 message from `l4` to `end` with its pseudo-header (RFC 4443, 2.3). */
export function icmpv6Sum(view: DataView, l3: number, l4: number, end: number): number {
  return fold(byteSum(view, l4, end) + wordSum(view, l3 + 8, l3 + 40) + (end - l4) + 58);
}
