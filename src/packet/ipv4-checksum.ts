// Data path.
// The IPv4 header checksum (RFC 791, RFC 1071), checked in place.

/** Whether the header from `l3` to `end` sums to all ones. Needs whole words of four bytes. */
export function ipv4HeaderIntact(view: DataView, l3: number, end: number): boolean {
  // The sum does not depend on byte order. A loop, as it is small enough to be inlined everywhere.
  let sum = 0;
  for (let at = l3; at < end; at += 4) {
    const word = view.getInt32(at, true);
    sum += (word & 0xffff) + (word >>> 16);
  }
  sum = (sum & 0xffff) + (sum >>> 16);
  return (sum & 0xffff) + (sum >>> 16) === 0xffff;
}
