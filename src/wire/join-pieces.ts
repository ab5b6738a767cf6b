// The packet that was cut into pieces, for those who judge it as a whole.

import { checksumOf, sumBytes } from "./checksum.ts";

const MORE = 0x20;

/** `pieces` are IPv4 packets: all fragments of one packet, itself perhaps a fragment, in order. */
export function joinPieces(pieces: readonly Uint8Array[]): Uint8Array {
  const [first = new Uint8Array(0)] = pieces;
  const header = first.subarray(0, headerLength(first));
  const parts = pieces.map((piece) => piece.subarray(headerLength(piece)));
  const length = parts.reduce((sum, part) => sum + part.length, header.length);
  const whole = new Uint8Array(length);
  whole.set(header);
  let at = header.length;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  const view = new DataView(whole.buffer);
  const more = (pieces.at(-1)![6] ?? 0) & MORE;
  whole[6] = (whole[6]! & ~MORE) | more;
  view.setUint16(2, length);
  view.setUint16(10, 0);
  view.setUint16(10, checksumOf(sumBytes(whole.subarray(0, header.length))));
  return whole;
}

function headerLength(packet: Uint8Array): number {
  return ((packet[0] ?? 0) & 15) * 4;
}
