// Does what a network card would do with the checksums of a frame, from what its sender's kernel
// says about it: struct virtio_net_hdr. Written apart from the drivers, which do the same, so that
// one can judge the other.

import {
  CHECKSUM_NEEDED,
  KIND_PLAIN,
  OFFLOAD_CHECKSUM_OFFSET,
  OFFLOAD_CHECKSUM_START,
  OFFLOAD_FLAGS,
  OFFLOAD_HEADER,
  OFFLOAD_KIND,
} from "../drivers/linux/offload.ts";

/** From the start of the message: its header, Ethernet, IPv4 without options. */
const OUTER_IP = OFFLOAD_HEADER + 14;
const OUTER_UDP = OUTER_IP + 20;
const IPV4 = 0x0800;
const UDP = 17;
const UDP_FIELD = 6;
/** Of UDP, zero would mean that there is no checksum (RFC 768). */
const UDP_ZERO = 0xffff;

/** Changes the frame behind its header; whether there was something to finish. */
export function finishFrame(message: Uint8Array): boolean {
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  if ((view.getUint8(OFFLOAD_FLAGS) & CHECKSUM_NEEDED) === 0) return false;
  const from = OFFLOAD_HEADER + view.getUint16(OFFLOAD_CHECKSUM_START, true);
  const field = from + view.getUint16(OFFLOAD_CHECKSUM_OFFSET, true);
  if (field + 2 > message.length) return false;
  // The field holds the sum of the pseudo-header.
  const zero = field - from === UDP_FIELD ? UDP_ZERO : 0;
  writeChecksum(view, field, sumOf(view, from), zero);
  // In super-frames the outer checksum is left to be done too, for each segment.
  if (view.getUint8(OFFLOAD_KIND) !== KIND_PLAIN && from > OUTER_UDP + 8) finishOuter(view);
  return true;
}

/** Of a tunnel over IPv4 that has one. */
function finishOuter(view: DataView): void {
  const isUdp = view.getUint16(OUTER_IP - 2) === IPV4 && view.getUint8(OUTER_IP + 9) === UDP;
  if (!isUdp || view.getUint8(OUTER_IP) !== 0x45 || view.getUint16(OUTER_UDP + 6) === 0) return;
  view.setUint16(OUTER_UDP + 6, 0);
  const addresses = sumOf(view, OUTER_IP + 12, OUTER_UDP);
  const pseudo = addresses + UDP + view.getUint16(OUTER_UDP + 4);
  writeChecksum(view, OUTER_UDP + 6, sumOf(view, OUTER_UDP) + pseudo, UDP_ZERO);
}

/** RFC 1071, not folded. */
function sumOf(view: DataView, from: number, end: number = view.byteLength): number {
  let sum = 0;
  for (let at = from; at + 1 < end; at += 2) sum += view.getUint16(at);
  return (end - from) % 2 === 0 ? sum : sum + view.getUint8(end - 1) * 256;
}

/** `zero` is what is written for zero. */
function writeChecksum(view: DataView, field: number, sum: number, zero: number): void {
  let folded = sum;
  while (folded > 0xffff) folded = (folded % 0x10000) + Math.floor(folded / 0x10000);
  view.setUint16(field, ~folded & 0xffff || zero);
}
