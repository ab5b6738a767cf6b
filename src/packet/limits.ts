// Every maximum of the packet layer, with what it costs.

/** Packets that travel together: enough to overlap cache misses, few enough to stay in L1. */
export const BATCH_MAX = 256;
/** Free bytes before a received frame: room for outer Ethernet, IPv6, UDP, VXLAN and a VLAN tag. */
export const HEADROOM = 128;
/** Default slot: a 1,500-byte packet in a tunnel with room to spare. */
export const SLOT_BYTES = 2112;
/** A slot for a whole super-frame: an IP packet of 65,535 bytes, Ethernet, a VLAN tag, headroom. No
 * power of two, which would put all slots into the same part of the cache. */
export const WHOLE_SLOT_BYTES = 65_728;
/** Room for any headers in front of an ICMP error of the gateway's own. */
export const SLOT_BYTES_MIN = 512;
/** A slot for the largest frame a capture can hold (65,535 bytes and more with offloads). */
export const SLOT_BYTES_MAX = 262144 + 2048;
/** Default number of packets in flight: 1024 slots of 2 KiB are 2 MiB. */
export const SLOTS = 1024;
export const VLAN_TAGS_MAX = 4;
/** IPv6 extension headers skipped in one packet before it is refused. */
export const EXTENSIONS_MAX = 8;
