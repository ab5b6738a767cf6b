// Data path.
// The transport checksum that a sender left to its network card, finished. The field holds the sum
// of the pseudo-header already.

import { byteSum } from "../../packet/checksum-update.ts";

/** Where the checksum is in a UDP header. */
const UDP_FIELD = 6;

/**
 * `from` is where the transport header starts, `field` where its checksum is, `end` where the frame
 * ends. False when they contradict each other; nothing is written then.
 */
export function finishChecksum(view: DataView, from: number, field: number, end: number): boolean {
  if (field < from || field + 2 > end) return false;
  const checksum = ~byteSum(view, from, end) & 0xffff;
  // A UDP checksum of zero would mean "none" (RFC 768).
  view.setUint16(field, checksum === 0 && field - from === UDP_FIELD ? 0xffff : checksum);
  return true;
}
