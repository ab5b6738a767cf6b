// Frames as a network stack hands them to a network card: the transport checksum not finished, or
// several segments in one. With the header that tells a packet socket so (struct virtio_net_hdr).

import { foldSum, pseudoHeaderSum } from "../../src/wire/checksum.ts";
import { dissect } from "../../src/wire/dissect.ts";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { ethernetFrame } from "../support/frames.ts";

export interface Unfinished {
  readonly frame: Uint8Array;
  /** 10 bytes. */
  readonly header: Uint8Array;
}

const TCP = 6;
const KIND_TCP_IPV4 = 1;
const KIND_TCP_IPV6 = 4;
const KIND_UDP = 5;
const KIND_ECN = 0x80;
const CHECKSUM_NEEDED = 1;

/** The packet in `text`, with `payload` bytes; `segment` of them in each segment, or 0 for one;
 * behind VLAN tags if any. */
export function unfinished(
  text: string,
  payload: number,
  segment: number,
  vlans: readonly number[] = [],
): Unfinished {
  const data = Array.from({ length: payload }, (_, i) => hex((i * 7 + (i >> 8)) & 0xff)).join("");
  const packet = buildPacket(parsePacket(`${text} data="${data}"`));
  const parts = dissect(packet);
  if (parts === undefined) throw new Error(text);
  const { family, protocol, l4, end } = parts;
  const addresses = family === 4 ? packet.subarray(12, 20) : packet.subarray(8, 40);
  const field = protocol === TCP ? 16 : 6;
  const sum = foldSum(pseudoHeaderSum(addresses, protocol, end - l4));
  new DataView(packet.buffer, packet.byteOffset).setUint16(l4 + field, sum);
  const header = new Uint8Array(10);
  const view = new DataView(header.buffer);
  view.setUint8(0, CHECKSUM_NEEDED);
  const tcp = family === 4 ? KIND_TCP_IPV4 : KIND_TCP_IPV6;
  const ecn = protocol === TCP && packet[l4 + 13]! & 0x80 ? KIND_ECN : 0;
  if (segment > 0) view.setUint8(1, protocol === TCP ? tcp | ecn : KIND_UDP);
  const headers = protocol === TCP ? (packet[l4 + 12]! >>> 4) * 4 : 8;
  const link = 14 + 4 * vlans.length;
  view.setUint16(2, link + l4 + headers, true);
  view.setUint16(4, segment, true);
  view.setUint16(6, link + l4, true);
  view.setUint16(8, field, true);
  return { frame: ethernetFrame(packet, { vlans }), header };
}

function hex(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, "0")}`;
}
