// Data path.
// Which frames with work left to do may enter the pool as they came, for a later network card (or
// kernel) to do that work. Those whose packet is as src/packet/offload.ts says. All others are
// finished at once.

import { FIRST_REDUCES, UNFINISHED } from "../../packet/offload.ts";
import {
  CHECKSUM_NEEDED,
  KIND_ECN,
  KIND_PLAIN,
  KIND_TCP_IPV4,
  KIND_TCP_IPV6,
  KIND_UDP,
  OFFLOAD_CHECKSUM_OFFSET,
  OFFLOAD_CHECKSUM_START,
  OFFLOAD_FLAGS,
  OFFLOAD_HEADER,
  OFFLOAD_KIND,
  OFFLOAD_SEGMENT,
} from "./offload.ts";

const ETHERNET = 14;
const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const TCP = 6;
const UDP = 17;
const VXLAN_PORT = 4789;
const DONT_FRAGMENT = 0x4000;

/** What the row's `offload` column is to be for the frame of `length` bytes at `mac`, of which the
 * headers at least are there, behind its offload header; 0 when it must be finished. */
export function offloadOf(bytes: Uint8Array, mac: number, length: number): number {
  const header = mac - OFFLOAD_HEADER;
  if ((bytes[header + OFFLOAD_FLAGS]! & CHECKSUM_NEEDED) === 0) return 0;
  const kind = bytes[header + OFFLOAD_KIND]!;
  const segment = kind === KIND_PLAIN ? 0 : native(bytes, header + OFFLOAD_SEGMENT);
  if (kind !== KIND_PLAIN && segment === 0) return 0;
  const l3 = mac + ETHERNET;
  const type = word(bytes, l3 - 2);
  const size = length - ETHERNET;
  const protocol =
    type === IPV4 ? ipv4(bytes, l3, size) : type === IPV6 ? ipv6(bytes, l3, size) : 0;
  if (protocol !== TCP && protocol !== UDP) return 0;
  const l4 = l3 + (type === IPV4 ? (bytes[l3]! & 15) * 4 : 40);
  const field = protocol === TCP ? 16 : 6;
  if (native(bytes, header + OFFLOAD_CHECKSUM_START) !== l4 - mac) return 0;
  if (native(bytes, header + OFFLOAD_CHECKSUM_OFFSET) !== field) return 0;
  if (!hasHeader(bytes, l4, mac + length - l4, protocol)) return 0;
  if (kind !== KIND_PLAIN && (kind & ~KIND_ECN) !== kindOf(type, protocol)) return 0;
  // The driver of a tunnel's end would take off the headers that the bits are about.
  if (protocol === UDP && word(bytes, l4 + 2) === VXLAN_PORT) return 0;
  return segment | UNFINISHED | ((kind & KIND_ECN) === 0 ? 0 : FIRST_REDUCES);
}

/** The protocol of a packet of `size` bytes that is whole, the whole frame, and may not be
 * fragmented; or 0. */
function ipv4(bytes: Uint8Array, at: number, size: number): number {
  const first = bytes[at]!;
  if (first >>> 4 !== 4 || (first & 15) < 5 || word(bytes, at + 2) !== size) return 0;
  return (word(bytes, at + 6) & 0x7fff) === DONT_FRAGMENT ? bytes[at + 9]! : 0;
}

function ipv6(bytes: Uint8Array, at: number, size: number): number {
  if (bytes[at]! >>> 4 !== 6 || word(bytes, at + 4) + 40 !== size) return 0;
  return bytes[at + 6]!;
}

/** Whether of `space` bytes there is a transport header. */
function hasHeader(bytes: Uint8Array, l4: number, space: number, protocol: number): boolean {
  if (protocol === UDP) return space >= 8;
  const length = (bytes[l4 + 12]! >>> 4) * 4;
  return length >= 20 && length <= space;
}

function kindOf(type: number, protocol: number): number {
  if (protocol === UDP) return KIND_UDP;
  return type === IPV4 ? KIND_TCP_IPV4 : KIND_TCP_IPV6;
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

/** In the order of the machine: little-endian, as all machines are that have the drivers. */
function native(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8);
}
