// Data path.
// A packet whose TTL or hop limit would reach zero here goes no further (RFC 1812, 5.3.1; RFC 8200,
// 3). Only checked, before anything is kept for the packet; translate writes the lower value.

import { type PacketPool, V6 } from "../../packet/packet-pool.ts";
import { DROP } from "../../packet/verdict.ts";
import type { NetworkFunction } from "../network-function.ts";

const TTL_EXCEEDED = DROP["ttl-exceeded"].code;
const IPV4_TTL = 8;
const IPV6_HOP_LIMIT = 7;

export function hopLimit(pool: PacketPool): NetworkFunction {
  const { bytes, l3, flags, verdict } = pool;
  return {
    name: "hop-limit",
    reads: ["l3", "flags"],
    writes: [],
    process(batch) {
      const { rows, count } = batch;
      let decided = 0;
      for (let i = 0; i < count; i++) {
        const row = rows[i]!;
        const at = l3[row]! + ((flags[row]! & V6) !== 0 ? IPV6_HOP_LIMIT : IPV4_TTL);
        if (bytes[at]! <= 1) {
          verdict[row] = TTL_EXCEEDED;
          decided++;
        }
      }
      return decided;
    },
  };
}
