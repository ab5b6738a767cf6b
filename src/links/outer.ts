// Frames of the gateway's own inside a tunnel: for one VTEP, or each of several (RFC 7348, 4).

import { checksumOf, sumBytes } from "../wire/checksum.ts";

/** The next hop on the way to a VTEP. MAC addresses are 6 bytes. */
export interface OuterHop {
  readonly sourceMac: Uint8Array;
  readonly destinationMac: Uint8Array;
}

const OUTER = 50;
/** RFC 7348, 5: from the range of dynamic ports. */
const SOURCE_PORT = 0xc000;

/** `vtep` and `remote` are 32-bit numbers. */
export function wrap(
  frame: Uint8Array,
  vni: number,
  vtep: number,
  remote: number,
  { sourceMac, destinationMac }: OuterHop,
): Uint8Array {
  const wrapped = new Uint8Array(OUTER + frame.length);
  const view = new DataView(wrapped.buffer);
  wrapped.set(destinationMac);
  wrapped.set(sourceMac, 6);
  view.setUint16(12, 0x0800);
  view.setUint16(14, 0x4500);
  view.setUint16(16, wrapped.length - 14);
  view.setUint16(20, 0x4000); // Don't fragment.
  view.setUint16(22, 0x4011); // TTL 64, UDP.
  view.setInt32(26, vtep);
  view.setInt32(30, remote);
  view.setUint16(24, checksumOf(sumBytes(wrapped.subarray(14, 34))));
  view.setUint16(34, SOURCE_PORT);
  view.setUint16(36, 4789);
  view.setUint16(38, wrapped.length - 34);
  view.setUint8(42, 0x08);
  view.setUint32(46, vni << 8);
  wrapped.set(frame, OUTER);
  return wrapped;
}
