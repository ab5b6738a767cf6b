// Data path.
// From the start of a frame to its IP header: Ethernet and up to four VLAN tags.

import { VLAN_TAGS_MAX } from "./limits.ts";

export const ETHERNET_LENGTH = 14;
export const ETHERTYPE_IPV4 = 0x0800;
export const ETHERTYPE_IPV6 = 0x86dd;

// What `locateIp` returns when it finds no IP header.
export const TOO_SHORT = -1;
export const TOO_DEEP = -2;
export const NOT_IP = -3;

/**
 * The offset of the IP header of the Ethernet frame in `view` from `start` to `end`, or one of the
 * negative results above. Whether the header is whole is not looked at.
 */
export function locateIp(view: DataView, start: number, end: number): number {
  let at = start + ETHERNET_LENGTH;
  if (at > end) return TOO_SHORT;
  let etherType = view.getUint16(at - 2);
  for (let tags = 0; isVlan(etherType); tags++) {
    if (tags === VLAN_TAGS_MAX) return TOO_DEEP;
    at += 4;
    if (at > end) return TOO_SHORT;
    etherType = view.getUint16(at - 2);
  }
  if (etherType !== ETHERTYPE_IPV4 && etherType !== ETHERTYPE_IPV6) return NOT_IP;
  return at;
}

/** IEEE 802.1Q, 802.1ad, and the older Q-in-Q value still seen in the field. */
function isVlan(etherType: number): boolean {
  return etherType === 0x8100 || etherType === 0x88a8 || etherType === 0x9100;
}
