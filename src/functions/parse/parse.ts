// Data path.
// Where the headers are, once: nobody behind this step searches again, and every length they rely
// on has been checked here.

import { badEthernet } from "../../packet/ethernet-check.ts";
import { ipv4HeaderIntact } from "../../packet/ipv4-checksum.ts";
import {
  ETHERNET_LENGTH,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  locateIp,
  NOT_IP,
  TOO_DEEP,
} from "../../packet/locate-ip.ts";
import {
  LAST_HOP,
  LATER_FRAGMENT,
  MORE_FRAGMENTS,
  type PacketPool,
} from "../../packet/packet-pool.ts";
import { DROP } from "../../packet/verdict.ts";
import { type InterfaceTable, RAW_IP } from "../../tables/interface-table.ts";
import type { NetworkFunction } from "../network-function.ts";
import { ipv6Parser } from "./parse-ipv6.ts";
import { transportParser } from "./parse-transport.ts";

const FRAME_TOO_SHORT = DROP["frame-too-short"].code;
const VLAN_TOO_DEEP = DROP["vlan-too-deep"].code;
const FRAME_NOT_IP = DROP["not-ip"].code;
const BAD_ADDRESS = DROP["ethernet-bad-address"].code;
const IPV4_TRUNCATED = DROP["ipv4-truncated"].code;
const IPV4_BAD_HEADER = DROP["ipv4-bad-header"].code;
const IPV6_BAD_HEADER = DROP["ipv6-bad-header"].code;
const IPV4_BAD_CHECKSUM = DROP["ipv4-bad-checksum"].code;
/** No packet can be put together that is longer (RFC 791, 3.1). */
const PAYLOAD_MAX = 65_535 - 20;
const SOURCE_NOT_UNICAST = DROP["source-not-unicast"].code;

export function parse(pool: PacketPool, interfaces: InterfaceTable): NetworkFunction {
  const { bytes, view, start, length, rxInterface, outer, l3, end, flags, verdict } = pool;
  const { kinds } = interfaces;
  const parseTransport = transportParser(pool);
  const parseIpv6 = ipv6Parser(pool, parseTransport);

  /** Fills in the columns of `row`; a drop code or 0. */
  function parseIpv4(row: number, at: number, frameEnd: number): number {
    const first = view.getInt32(at);
    const headerLength = ((first >>> 24) & 15) * 4;
    const total = first & 0xffff;
    if (headerLength < 20 || total < headerLength) return IPV4_BAD_HEADER;
    if (at + total > frameEnd) return IPV4_TRUNCATED;
    if (!ipv4HeaderIntact(view, at, at + headerLength)) return IPV4_BAD_CHECKSUM;
    const network = bytes[at + 12]!;
    if (network >= 224 && (network < 240 || view.getInt32(at + 12) === -1)) {
      return SOURCE_NOT_UNICAST;
    }
    const fragment = view.getUint16(at + 6) & 0x3fff;
    const hopsAndProtocol = view.getUint16(at + 8);
    end[row] = at + total;
    let rowFlags = 0;
    if ((fragment & 0x1fff) * 8 + total - headerLength > PAYLOAD_MAX) return IPV4_BAD_HEADER;
    if (fragment !== 0) rowFlags = (fragment & 0x1fff) !== 0 ? LATER_FRAGMENT : MORE_FRAGMENTS;
    if (hopsAndProtocol < 0x200) rowFlags |= LAST_HOP;
    return parseTransport(row, hopsAndProtocol & 0xff, at + headerLength, at + total, rowFlags);
  }

  function parseIp(row: number, at: number, frameEnd: number): number {
    const version = at < frameEnd ? bytes[at]! >>> 4 : 0;
    if (version === 4) return frameEnd - at < 20 ? IPV4_TRUNCATED : parseIpv4(row, at, frameEnd);
    return version === 6 ? parseIpv6(row, at, frameEnd) : FRAME_NOT_IP;
  }

  /** The offset again, or minus a drop code when the header is of another version than its
   * EtherType says. */
  function ofVersion(at: number, frameEnd: number, etherType: number): number {
    const v6 = etherType === ETHERTYPE_IPV6;
    if (at >= frameEnd || bytes[at]! >>> 4 === (v6 ? 6 : 4)) return at;
    return v6 ? -IPV6_BAD_HEADER : -IPV4_BAD_HEADER;
  }

  /** Offset of the IP header, or minus a drop code. */
  function findIp(row: number): number {
    const at = start[row]!;
    const tunnelled = outer[row]! >= 0;
    if (!tunnelled && (kinds[rxInterface[row]!]! & RAW_IP) !== 0) return at;
    if (tunnelled && badEthernet(view, at)) return -BAD_ADDRESS;
    if (view.getUint16(at + 12) === ETHERTYPE_IPV4) {
      return ofVersion(at + ETHERNET_LENGTH, at + length[row]!, ETHERTYPE_IPV4);
    }
    const found = locateIp(view, at, at + length[row]!);
    if (found > 0) return ofVersion(found, at + length[row]!, view.getUint16(found - 2));
    return found === NOT_IP
      ? -FRAME_NOT_IP
      : found === TOO_DEEP
        ? -VLAN_TOO_DEEP
        : -FRAME_TOO_SHORT;
  }

  return {
    name: "parse",
    reads: ["start", "length", "rxInterface", "outer"],
    writes: ["l3", "l4", "end", "protocol", "flags", "l4Checksum", "sourcePort", "destinationPort"],
    process(batch) {
      const { rows, count } = batch;
      let decided = 0;
      let seen = 0;
      for (let i = 0; i < count; i++) {
        const row = rows[i]!;
        const at = findIp(row);
        let problem = 0;
        if (at < 0) {
          problem = -at;
          l3[row] = -1;
        } else {
          l3[row] = at;
          const frameEnd = start[row]! + length[row]!;
          end[row] = frameEnd;
          problem = parseIp(row, at, frameEnd);
        }
        if (problem !== 0) {
          verdict[row] = problem;
          decided++;
        } else seen |= flags[row]!;
      }
      batch.flags = seen;
      return decided;
    },
  };
}
