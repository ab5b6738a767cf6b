// Data path.
// Which flow is it? Also the place where time passes for the tables: a few flows a batch are looked
// at whether they are over.

import { ICMP_ERROR, LATER_FRAGMENT, type PacketPool, V6 } from "../../packet/packet-pool.ts";
import { DROP } from "../../packet/verdict.ts";
import type { FlowTable } from "../../tables/flow-table.ts";
import { TICK_MILLIS } from "../../tables/flow-timers.ts";
import type { SnapshotHolder } from "../../tables/snapshot.ts";
import type { NetworkFunction } from "../network-function.ts";
import { findV4 } from "./find-v4.ts";
import { findV6 } from "./find-v6.ts";

const FLOW_EXPIRED = DROP["flow-expired"].code;
/** Flows looked at a batch: at 30,000 batches a second, a million flows in two seconds. */
const SWEEP = 16;

export function flowLookup(
  pool: PacketPool,
  snapshot: SnapshotHolder,
  tables: readonly [FlowTable, FlowTable],
): NetworkFunction {
  const { flags, vpc } = pool;
  const v4 = findV4(pool, snapshot, tables[0], FLOW_EXPIRED);
  const v6 = findV6(pool, snapshot, tables[1], FLOW_EXPIRED);
  return {
    name: "flow-lookup",
    reads: ["vpc", "l3", "l4", "flags", "protocol", "sourcePort", "destinationPort"],
    writes: ["flow", "toVpc", "direction"],
    process(batch, now) {
      const tick = Math.floor(now / TICK_MILLIS) | 0;
      tables[0].sweep(SWEEP, tick);
      tables[1].sweep(SWEEP, tick);
      if (tables[0].count + tables[1].count === 0) return 0;
      const { rows, count } = batch;
      const { tracked } = snapshot.current;
      for (let i = 0; i < count; i++) {
        const row = rows[i]!;
        const rowFlags = flags[row]!;
        if ((rowFlags & (ICMP_ERROR | LATER_FRAGMENT)) !== 0) continue;
        const family = rowFlags & V6;
        if (tracked[vpc[row]! * 2 + family] === 0) continue;
        if (family === 0) v4.add(row);
        else v6.add(row);
      }
      return v4.find(tick) + v6.find(tick);
    },
  };
}
