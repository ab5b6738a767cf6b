// Data path.
// The IPv4 header checksum (RFC 791, RFC 1071), checked in place.

/** Whether the header from `l3` to `end` sums to all ones. Needs 20 to 60 whole bytes. */
export function ipv4HeaderIntact(view: DataView, l3: number, end: number): boolean {
  // The sum does not depend on byte order, so words are taken as they lie.
  let sum =
    view.getUint16(l3, true) +
    view.getUint16(l3 + 2, true) +
    view.getUint16(l3 + 4, true) +
    view.getUint16(l3 + 6, true) +
    view.getUint16(l3 + 8, true) +
    view.getUint16(l3 + 10, true) +
    view.getUint16(l3 + 12, true) +
    view.getUint16(l3 + 14, true) +
    view.getUint16(l3 + 16, true) +
    view.getUint16(l3 + 18, true);
  for (let at = l3 + 20; at < end; at += 2) sum += view.getUint16(at, true);
  sum = (sum & 0xffff) + (sum >>> 16);
  return (sum & 0xffff) + (sum >>> 16) === 0xffff;
}
