// Data path.
// The IPv6 header and its extensions (RFC 8200).

import {
  WALK_FLAGS,
  WALK_L4,
  WALK_PROTOCOL,
  WALK_WORDS,
  walkExtensions,
} from "../../packet/ipv6-extensions.ts";
import { LAST_HOP, type PacketPool, V6 } from "../../packet/packet-pool.ts";
import { DROP } from "../../packet/verdict.ts";
import type { TransportParser } from "./parse-transport.ts";

const TCP = 6;
const UDP = 17;

const IPV6_TRUNCATED = DROP["ipv6-truncated"].code;
const IPV6_BAD_EXTENSION = DROP["ipv6-bad-extension"].code;
const SOURCE_NOT_UNICAST = DROP["source-not-unicast"].code;

export function ipv6Parser(pool: PacketPool, parseTransport: TransportParser) {
  const { bytes, view, end, flags } = pool;
  const walk = new Int32Array(WALK_WORDS);

  /** Fills in the columns of `row`; a drop code or 0. */
  return function parseIpv6(row: number, at: number, frameEnd: number): number {
    flags[row] = V6;
    if (frameEnd - at < 40) return IPV6_TRUNCATED;
    const packetEnd = at + 40 + view.getUint16(at + 4);
    if (packetEnd > frameEnd) return IPV6_TRUNCATED;
    if (bytes[at + 8] === 0xff) return SOURCE_NOT_UNICAST;
    end[row] = packetEnd;
    const next = bytes[at + 6]!;
    const rowFlags = bytes[at + 7]! <= 1 ? V6 | LAST_HOP : V6;
    if (next === UDP || next === TCP) {
      return parseTransport(row, next, at + 40, packetEnd, rowFlags);
    }
    if (!walkExtensions(bytes, at, packetEnd, walk)) return IPV6_BAD_EXTENSION;
    const found = rowFlags | walk[WALK_FLAGS]!;
    return parseTransport(row, walk[WALK_PROTOCOL]!, walk[WALK_L4]!, packetEnd, found);
  };
}
