// What the kernel tells of a frame whose sender left work to the network card: struct
// virtio_net_hdr, 10 bytes before the frame.

/** Bytes of the header; a frame follows them. */
export const OFFLOAD_HEADER = 10;

// Offsets, all of 16 bits but the first two of 8.
export const OFFLOAD_FLAGS = 0;
export const OFFLOAD_KIND = 1;
export const OFFLOAD_HEADERS = 2;
export const OFFLOAD_SEGMENT = 4;
export const OFFLOAD_CHECKSUM_START = 6;
export const OFFLOAD_CHECKSUM_OFFSET = 8;

/** Bit of the flags: the transport checksum is not finished. */
export const CHECKSUM_NEEDED = 1;

// Kinds: how a super-frame is to be cut.
export const KIND_PLAIN = 0;
export const KIND_TCP_IPV4 = 1;
export const KIND_TCP_IPV6 = 4;
export const KIND_UDP = 5;
/** Bit beside TCP: only the first segment says that the window was reduced (RFC 3168). */
export const KIND_ECN = 0x80;
