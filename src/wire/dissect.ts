// Where the parts of an IP packet are, for people's tools: notation, checksum judges. Takes any
// bytes; what is not there comes back as far as it goes. The data path has its own, stricter parser
// (functions/parse), so that the two check each other.

import type { Family } from "./ip-address.ts";
import {
  AUTHENTICATION,
  DESTINATION_OPTIONS,
  FRAGMENT,
  HOP_BY_HOP,
  HOST_IDENTITY,
  MOBILITY,
  NO_NEXT_HEADER,
  ROUTING,
  SHIM6,
} from "./ip-protocol.ts";

export interface Dissection {
  readonly family: Family;
  /** Of the transport header, behind extension headers. */
  readonly protocol: number;
  /** Where the transport header starts; never behind `end`. */
  readonly l4: number;
  /** Where the packet ends by its own length, or the bytes do. */
  readonly end: number;
  /** Whether the bytes end before the packet's own length. */
  readonly truncated: boolean;
  /** In bytes. */
  readonly fragmentOffset: number;
  readonly moreFragments: boolean;
  /** Identification of IPv4, or of the IPv6 fragment header; 0 without one. */
  readonly identification: number;
  readonly dontFragment: boolean;
}

/** Undefined when not even the fixed IP header is there. */
export function dissect(packet: Uint8Array): Dissection | undefined {
  const version = (packet[0] ?? 0) >>> 4;
  if (version === 4 && packet.length >= 20) return dissectV4(packet);
  if (version === 6 && packet.length >= 40) return dissectV6(packet);
  return undefined;
}

function viewOf(packet: Uint8Array): DataView {
  return new DataView(packet.buffer, packet.byteOffset, packet.length);
}

function dissectV4(packet: Uint8Array): Dissection {
  const view = viewOf(packet);
  const total = view.getUint16(2);
  const fragment = view.getUint16(6);
  const end = Math.min(Math.max(total, 20), packet.length);
  const header = Math.max(20, (packet[0]! & 15) * 4);
  return {
    family: 4,
    protocol: packet[9]!,
    l4: Math.min(header, end),
    end,
    truncated: total > packet.length,
    fragmentOffset: (fragment & 0x1fff) * 8,
    moreFragments: (fragment & 0x2000) !== 0,
    identification: view.getUint16(4),
    dontFragment: (fragment & 0x4000) !== 0,
  };
}

const EXTENSIONS = new Set([
  HOP_BY_HOP,
  ROUTING,
  FRAGMENT,
  AUTHENTICATION,
  DESTINATION_OPTIONS,
  MOBILITY,
  HOST_IDENTITY,
  SHIM6,
]);

function dissectV6(packet: Uint8Array): Dissection {
  const view = viewOf(packet);
  const total = 40 + view.getUint16(4);
  const end = Math.min(total, packet.length);
  let protocol = packet[6]!;
  let at = 40;
  let fragment = { offset: 0, more: false, identification: 0 };
  while (EXTENSIONS.has(protocol) && at + 8 <= end && fragment.offset === 0) {
    const message = protocol === MOBILITY || protocol === HOST_IDENTITY;
    if (message && packet[at] === NO_NEXT_HEADER) break;
    if (protocol === FRAGMENT) {
      const field = view.getUint16(at + 2);
      const identification = view.getUint32(at + 4);
      fragment = { offset: field & 0xfff8, more: (field & 1) !== 0, identification };
    }
    const units = packet[at + 1]!;
    const length =
      protocol === FRAGMENT ? 8 : protocol === AUTHENTICATION ? (units + 2) * 4 : (units + 1) * 8;
    protocol = packet[at]!;
    at += length;
  }
  return {
    family: 6,
    protocol,
    l4: Math.min(at, end),
    end,
    truncated: total > packet.length,
    fragmentOffset: fragment.offset,
    moreFragments: fragment.more,
    identification: fragment.identification,
    dontFragment: false,
  };
}
