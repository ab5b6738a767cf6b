// Data path.
// The transport header of everything the short way in parse.ts does not take: ICMP, fragments,
// other protocols, and whatever comes behind IPv6 extension headers.

import {
  FIXED_ADDRESSES,
  ICMP_ERROR,
  LATER_FRAGMENT,
  MORE_FRAGMENTS,
  type PacketPool,
  PORTS,
  UDP_CHECKSUM,
  V6,
} from "../../packet/packet-pool.ts";
import { DROP } from "../../packet/verdict.ts";

const ICMP = 1;
const TCP = 6;
const UDP = 17;
const DCCP = 33;
const AUTHENTICATION = 51;
const ICMPV6 = 58;
const MOBILITY = 135;
const UDP_LITE = 136;
const HOST_IDENTITY = 139;
const NO_NEXT_HEADER = 59;

const TCP_MALFORMED = DROP["tcp-malformed"].code;
const UDP_MALFORMED = DROP["udp-malformed"].code;
const ICMP_MALFORMED = DROP["icmp-malformed"].code;
const PORT_ZERO = DROP["port-zero"].code;
const IPV4_BAD_HEADER = DROP["ipv4-bad-header"].code;

/**
 * Fills in the transport columns of `row` and its flags, of which the network header gave `flags`;
 * a drop code or 0. The header starts `at`, the packet ends at `end`.
 */
export type TransportParser = (
  row: number,
  protocol: number,
  at: number,
  end: number,
  flags: number,
) => number;

export function transportParser(pool: PacketPool): TransportParser {
  const { bytes, view, l4, protocol, flags, l4Checksum, sourcePort, destinationPort } = pool;

  function tcp(row: number, at: number, space: number, rowFlags: number): number {
    if (space < 20) return TCP_MALFORMED;
    const headerLength = (bytes[at + 12]! >>> 4) * 4;
    const whole = (rowFlags & MORE_FRAGMENTS) === 0;
    if (headerLength < 20 || (whole && headerLength > space)) return TCP_MALFORMED;
    l4Checksum[row] = at + 16;
    flags[row] = rowFlags | PORTS;
    const from = view.getUint16(at);
    const to = view.getUint16(at + 2);
    sourcePort[row] = from;
    destinationPort[row] = to;
    return from === 0 || to === 0 ? PORT_ZERO : 0;
  }

  /** A source port of 0 is allowed: it says that no answer is wanted (RFC 768). */
  function udp(row: number, at: number, space: number, rowFlags: number): number {
    if (space < 8) return UDP_MALFORMED;
    const udpLength = view.getUint16(at + 4);
    const whole = (rowFlags & MORE_FRAGMENTS) === 0;
    if (udpLength < 8 || (whole && udpLength > space)) return UDP_MALFORMED;
    l4Checksum[row] = at + 6;
    flags[row] = rowFlags | PORTS | UDP_CHECKSUM;
    const to = view.getUint16(at + 2);
    sourcePort[row] = view.getUint16(at);
    destinationPort[row] = to;
    return to === 0 ? PORT_ZERO : 0;
  }

  /** Everything without ports, and what hides behind an IPv4 authentication header. */
  function other(
    row: number,
    proto: number,
    at: number,
    packetEnd: number,
    rowFlags: number,
  ): number {
    flags[row] = rowFlags;
    l4Checksum[row] = 0;
    sourcePort[row] = -1;
    destinationPort[row] = -1;
    if ((rowFlags & LATER_FRAGMENT) !== 0) return 0;
    const space = packetEnd - at;
    if (proto === ICMP && (rowFlags & V6) === 0) return icmp(row, at, space, rowFlags);
    if (proto === ICMPV6 && (rowFlags & V6) !== 0) return icmpv6(row, at, space, rowFlags);
    if (proto === AUTHENTICATION) return authentication(row, at, packetEnd, rowFlags);
    // Their checksums cover the addresses too (RFC 3828, 3.1; RFC 4340, 9.1).
    if ((proto === UDP_LITE || proto === DCCP) && space >= 8) l4Checksum[row] = at + 6;
    // So do these (RFC 6275, 6.1.1; RFC 7401, 5.1.1).
    if (proto === MOBILITY && (rowFlags & V6) !== 0) l4Checksum[row] = at + 4;
    if (proto === HOST_IDENTITY && space >= 8) hostIdentity(row, at, rowFlags);
    return 0;
  }

  function icmp(row: number, at: number, space: number, rowFlags: number): number {
    if (space < 8) return ICMP_MALFORMED;
    const type = bytes[at]!;
    if (type === 3 || type === 5 || type === 11 || type === 12) {
      flags[row] = rowFlags | ICMP_ERROR;
    }
    return 0;
  }

  /** The checksum covers the addresses (RFC 4443, 2.3); types below 128 are errors. */
  function icmpv6(row: number, at: number, space: number, rowFlags: number): number {
    if (space < 8) return ICMP_MALFORMED;
    l4Checksum[row] = at + 2;
    const type = bytes[at]!;
    if (type >= 1 && type <= 4) flags[row] = rowFlags | ICMP_ERROR;
    return 0;
  }

  /** Whatever is said to follow would have a checksum over the addresses as well. */
  function hostIdentity(row: number, at: number, rowFlags: number): void {
    l4Checksum[row] = at + 4;
    if (bytes[at] !== NO_NEXT_HEADER) flags[row] = rowFlags | FIXED_ADDRESSES;
  }

  /** IPv4 only: behind IPv6 the extension walk has seen it already (RFC 4302, 2). */
  function authentication(row: number, at: number, packetEnd: number, rowFlags: number): number {
    const space = packetEnd - at;
    const headerLength = space < 12 ? 0 : (bytes[at + 1]! + 2) * 4;
    if (headerLength < 12 || headerLength > space) return IPV4_BAD_HEADER;
    const inner = bytes[at]!;
    if (inner === AUTHENTICATION) return IPV4_BAD_HEADER;
    return parse(row, inner, at + headerLength, packetEnd, rowFlags | FIXED_ADDRESSES);
  }

  function parse(
    row: number,
    proto: number,
    at: number,
    packetEnd: number,
    rowFlags: number,
  ): number {
    protocol[row] = proto;
    l4[row] = at;
    if ((rowFlags & LATER_FRAGMENT) === 0) {
      if (proto === UDP) return udp(row, at, packetEnd - at, rowFlags);
      if (proto === TCP) return tcp(row, at, packetEnd - at, rowFlags);
    }
    return other(row, proto, at, packetEnd, rowFlags);
  }

  return parse;
}
