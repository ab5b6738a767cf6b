// Data path.
// A packet whose TTL or hop limit would reach zero here goes no further (RFC 1812, 5.3.1; RFC 8200,
// 3). Only checked, before anything is kept for the packet; translate writes the lower value.

import { LAST_HOP, type PacketPool } from "../../packet/packet-pool.ts";
import { DROP } from "../../packet/verdict.ts";
import type { NetworkFunction } from "../network-function.ts";

const TTL_EXCEEDED = DROP["ttl-exceeded"].code;

export function hopLimit(pool: PacketPool): NetworkFunction {
  const { flags, verdict } = pool;
  return {
    name: "hop-limit",
    reads: ["flags"],
    writes: [],
    process(batch) {
      if ((batch.flags & LAST_HOP) === 0) return 0;
      const { rows, count } = batch;
      let decided = 0;
      for (let i = 0; i < count; i++) {
        const row = rows[i]!;
        if ((flags[row]! & LAST_HOP) !== 0) {
          verdict[row] = TTL_EXCEEDED;
          decided++;
        }
      }
      return decided;
    },
  };
}
