// Data path.
// The bytes of one ICMP error, in the frame and tunnel that its cause came in, turned round.

import { byteSum, fold, icmpv6Sum, wordSum } from "../../packet/checksum-update.ts";
import { type PacketPool, V6 } from "../../packet/packet-pool.ts";
import { setTunnelLengths, tunnelIp } from "../../packet/tunnel-lengths.ts";
import type { InterfaceTable } from "../../tables/interface-table.ts";
import { RAW_IP } from "../../tables/interface-table.ts";
import { ADDRESS_WORDS, type SnapshotHolder } from "../../tables/snapshot.ts";

// What is said: values of `Snapshot.answers`.
export const TIME_EXCEEDED = 1;
export const TOO_BIG = 2;
export const PROHIBITED = 3;
/** From the address that the packet was for. */
export const PORT_UNREACHABLE = 4;

const ICMP = 1;
const ICMPV6 = 58;
const ICMP_HEADER = 8;
const TTL = 64;
/** Of the packet as much as fits into what hosts must take (RFC 1812, 4.3.2.3; RFC 4443, 2.4 c). */
const IPV4_MAX = 576;
const IPV6_MAX = 1280;

/** By what is said: type << 8 | code (RFC 792, RFC 1191, RFC 1812, 5.2.7.1; RFC 4443, 3). */
const V4_TYPES = Int32Array.of(0, 0x0b00, 0x0304, 0x030d, 0x0303);
const V6_TYPES = Int32Array.of(0, 0x0300, 0x0200, 0x0101, 0x0104);

/** Makes `row` the answer `kind` to the dropped packet in `cause`. */
export type AnswerWriter = (cause: number, row: number, kind: number) => void;

export function answerWriter(
  pool: PacketPool,
  snapshot: SnapshotHolder,
  interfaces: InterfaceTable,
): AnswerWriter {
  const { bytes, view, start, length, rxInterface, outer, vpc, l3, l4, end } = pool;
  const { protocol, flags, sourcePort, destinationPort, toVpc, adjacency, direction } = pool;
  const { kinds } = interfaces;
  const { frameMax } = pool;

  function swap(a: number, b: number, size: number): void {
    for (let i = 0; i < size; i++) {
      const byte = bytes[a + i]!;
      bytes[a + i] = bytes[b + i]!;
      bytes[b + i] = byte;
    }
  }

  /** The tunnel's own headers, from `at` to the VXLAN header before `inner`. */
  function turnTunnel(at: number, inner: number, innerLength: number, raw: boolean): void {
    if (!raw) swap(at, at + 6, 6);
    const ip = tunnelIp(view, at, inner, raw);
    if (bytes[ip]! >>> 4 === 6) swap(ip + 8, ip + 24, 16);
    else swap(ip + 12, ip + 16, 4);
    setTunnelLengths(view, ip, inner, innerLength);
  }

  /** The frame headers of the cause turned round, in front of an answer of `size` bytes; where its
   * IP header goes. */
  function writeFrame(cause: number, row: number, size: number): number {
    const first = outer[cause]! >= 0 ? outer[cause]! : start[cause]!;
    const from = l3[cause]!;
    const raw = (kinds[rxInterface[cause]!]! & RAW_IP) !== 0;
    const at = pool.open(row, rxInterface[cause]!, from - first + size);
    bytes.copyWithin(at, first, from);
    const inner = at + start[cause]! - first;
    const innerLength = from - start[cause]! + size;
    const tunnelled = outer[cause]! >= 0;
    if (tunnelled || !raw) swap(inner, inner + 6, 6);
    if (tunnelled) turnTunnel(at, inner, innerLength, raw);
    outer[row] = tunnelled ? at : -1;
    start[row] = inner;
    length[row] = innerLength;
    return at + from - first;
  }

  function writeV4(cause: number, at: number, quote: number, kind: number): void {
    const message = at + 20;
    view.setInt32(at, 0x45000000 | (serviceClass(cause) << 18) | (20 + ICMP_HEADER + quote));
    view.setInt32(at + 4, 0x4000);
    view.setInt32(at + 8, (TTL << 24) | (ICMP << 16));
    if (kind === PORT_UNREACHABLE) bytes.copyWithin(at + 12, l3[cause]! + 16, l3[cause]! + 20);
    else view.setInt32(at + 12, snapshot.current.vpcAddresses[vpc[cause]! * ADDRESS_WORDS]!);
    bytes.copyWithin(at + 16, l3[cause]! + 12, l3[cause]! + 16);
    view.setUint16(at + 10, ~wordSum(view, at, message) & 0xffff);
    view.setInt32(message, V4_TYPES[kind]! << 16);
    view.setInt32(message + 4, kind === TOO_BIG ? mtuTowards(cause) : 0);
    const bodyEnd = message + ICMP_HEADER + quote;
    bytes.copyWithin(message + ICMP_HEADER, l3[cause]!, l3[cause]! + quote);
    view.setUint16(message + 2, ~byteSum(view, message, bodyEnd) & 0xffff);
  }

  function writeOwnV6(at: number, from: number): void {
    const word = from * ADDRESS_WORDS + 1;
    for (let i = 0; i < 4; i++) {
      view.setInt32(at + 4 * i, snapshot.current.vpcAddresses[word + i]!);
    }
  }

  function writeV6(cause: number, at: number, quote: number, kind: number): void {
    const message = at + 40;
    view.setInt32(at, 0x60000000 | (serviceClass(cause) << 22));
    view.setUint16(at + 4, ICMP_HEADER + quote);
    view.setUint16(at + 6, (ICMPV6 << 8) | TTL);
    if (kind === PORT_UNREACHABLE) bytes.copyWithin(at + 8, l3[cause]! + 24, l3[cause]! + 40);
    else writeOwnV6(at + 8, vpc[cause]!);
    bytes.copyWithin(at + 24, l3[cause]! + 8, l3[cause]! + 24);
    view.setInt32(message, V6_TYPES[kind]! << 16);
    view.setInt32(message + 4, kind === TOO_BIG ? Math.max(mtuTowards(cause), IPV6_MAX) : 0);
    const bodyEnd = message + ICMP_HEADER + quote;
    bytes.copyWithin(message + ICMP_HEADER, l3[cause]!, l3[cause]! + quote);
    view.setUint16(message + 2, ~fold(icmpv6Sum(view, at, message, bodyEnd)) & 0xffff);
  }

  /** An error is as urgent as what it is about (RFC 5508, 7.7, in place of RFC 1812, 4.3.2.5): its
   * DSCP, six bits. Congestion is not its affair. */
  function serviceClass(cause: number): number {
    const first = view.getUint16(l3[cause]!);
    return (flags[cause]! & V6) !== 0 ? (first >>> 6) & 63 : (first >>> 2) & 63;
  }

  function mtuTowards(cause: number): number {
    return snapshot.current.vpcMtus[toVpc[cause]!]!;
  }

  return function writeAnswer(cause, row, kind) {
    const v6 = (flags[cause]! & V6) !== 0;
    const headers = (v6 ? 40 : 20) + ICMP_HEADER;
    const first = outer[cause]! >= 0 ? outer[cause]! : start[cause]!;
    const slot = frameMax - (l3[cause]! - first);
    const room = Math.min(v6 ? IPV6_MAX : IPV4_MAX, slot) - headers;
    const quote = Math.min(end[cause]! - l3[cause]!, room);
    const { vpcAdjacencies } = snapshot.current;
    const way = vpcAdjacencies[vpc[cause]!]!;
    let at = 0;
    if (way === 0) at = writeFrame(cause, row, headers + quote);
    else {
      at = pool.open(row, rxInterface[cause]!, 0);
      outer[row] = -1;
    }
    if (v6) writeV6(cause, at, quote, kind);
    else writeV4(cause, at, quote, kind);
    l3[row] = at;
    l4[row] = at + headers - ICMP_HEADER;
    end[row] = at + headers + quote;
    vpc[row] = vpc[cause]!;
    toVpc[row] = vpc[cause]!;
    adjacency[row] = way;
    flags[row] = flags[cause]! & V6;
    protocol[row] = v6 ? ICMPV6 : ICMP;
    sourcePort[row] = -1;
    destinationPort[row] = -1;
    direction[row] = -1;
  };
}
