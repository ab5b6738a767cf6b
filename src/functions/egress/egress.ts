// Data path.
// The end of the way: whoever comes here goes out, and is counted for its direction.

import type { PacketPool } from "../../packet/packet-pool.ts";
import { SENT } from "../../packet/verdict.ts";
import type { DirectionCounters } from "../../tables/direction-counters.ts";
import type { NetworkFunction } from "../network-function.ts";

export function egress(pool: PacketPool, counters: DirectionCounters): NetworkFunction {
  const { l3, end, direction, verdict } = pool;
  return {
    name: "egress",
    reads: ["l3", "end", "direction"],
    writes: [],
    process(batch) {
      const { rows, count } = batch;
      const { packets, bytes } = counters.current;
      for (let i = 0; i < count; i++) {
        const row = rows[i]!;
        const way = direction[row]!;
        packets[way] = packets[way]! + 1;
        bytes[way] = bytes[way]! + (end[row]! - l3[row]!);
        verdict[row] = SENT;
      }
      return count;
    },
  };
}
