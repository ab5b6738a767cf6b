// Data path.
// One hop less: the TTL with the header checksum that covers it, or the hop limit.

import { updateChecksum } from "./checksum-update.ts";

/** Of the packet whose IP header stands at `l3`; it must not be zero. */
export function lowerHopLimit(bytes: Uint8Array, view: DataView, l3: number, v6: boolean): void {
  if (v6) {
    bytes[l3 + 7] = bytes[l3 + 7]! - 1;
    return;
  }
  const ttl = view.getUint16(l3 + 8);
  view.setUint16(l3 + 8, ttl - 0x100);
  updateChecksum(view, l3 + 10, ttl, ttl - 0x100);
}
