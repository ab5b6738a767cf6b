// Data path.
// The `offload` column: what a frame's sender left to a network card, and nobody has done yet. 0
// for an ordinary frame, as on the wire. Otherwise the transport checksum is unfinished (whatever
// its field holds), and with a segment size the frame is several in one. Only a TCP or UDP packet
// that may not be fragmented and came in no tunnel, without IPv6 extensions, whose frame ends where
// it ends.
//
//   bits 0-15   payload of each segment but the last, in bytes; 0: one frame
//   bit 16      the transport checksum is unfinished; set in every row that has any bit
//   bit 17      only the first segment says that the window was reduced (RFC 3168)

import type { PacketPool } from "./packet-pool.ts";

export const SEGMENT_MASK = 0xffff;
export const UNFINISHED = 1 << 16;
export const FIRST_REDUCES = 1 << 17;

const TCP = 6;
const UDP_HEADER = 8;

/** Where the transport header is of a packet that has `offload` bits, by its IP header at `l3`. */
export function transportOf(bytes: Uint8Array, l3: number): number {
  const first = bytes[l3]!;
  return l3 + (first >>> 4 === 6 ? 40 : (first & 15) * 4);
}

/** Its IP protocol: TCP or UDP. */
export function protocolOf(bytes: Uint8Array, l3: number): number {
  return bytes[l3]! >>> 4 === 6 ? bytes[l3 + 6]! : bytes[l3 + 9]!;
}

/** Length of its transport header at `l4`. */
export function transportLength(bytes: Uint8Array, l4: number, protocol: number): number {
  return protocol === TCP ? (bytes[l4 + 12]! >>> 4) * 4 : UDP_HEADER;
}

/** Whether the packet at `l3`, too long as one, is a super-frame whose segments have at most `most`
 * bytes, IP header included. */
export function segmentsFit(pool: PacketPool, row: number, l3: number, most: number): boolean {
  const size = pool.offload[row]! & SEGMENT_MASK;
  if (size === 0) return false;
  const { bytes } = pool;
  const l4 = transportOf(bytes, l3);
  return l4 - l3 + transportLength(bytes, l4, protocolOf(bytes, l3)) + size <= most;
}
