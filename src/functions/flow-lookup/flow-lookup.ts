// Data path.
// Which flow is it?

import type { Batch } from "../../packet/batch.ts";
import { ICMP_ERROR, type PacketPool, V6 } from "../../packet/packet-pool.ts";
import type { FlowTable } from "../../tables/flow-table.ts";
import { tickOf } from "../../tables/flow-timers.ts";
import type { FragmentTable } from "../../tables/fragment-table.ts";
import type { SnapshotHolder } from "../../tables/snapshot.ts";
import type { NetworkFunction } from "../network-function.ts";
import { flowFinder } from "./find-flows.ts";

export function flowLookup(
  pool: PacketPool,
  snapshot: SnapshotHolder,
  tables: readonly [FlowTable, FlowTable],
  fragments: FragmentTable,
): NetworkFunction {
  const { flags } = pool;
  const v4 = flowFinder(pool, snapshot, tables[0], fragments);
  const v6 = flowFinder(pool, snapshot, tables[1], fragments);

  function matchNone(batch: Batch): void {
    const { rows, count, unmatched } = batch;
    let missed = 0;
    for (let i = 0; i < count; i++) {
      const row = rows[i]!;
      if ((flags[row]! & ICMP_ERROR) === 0) unmatched[missed++] = row;
    }
    batch.unmatchedCount = missed;
  }

  return {
    name: "flow-lookup",
    reads: ["vpc", "l3", "l4", "flags", "protocol", "sourcePort", "destinationPort", "datagram"],
    writes: ["flow", "toVpc", "direction", "flags"],
    process(batch, now) {
      const tick = tickOf(now);
      if (tables[0].count + tables[1].count === 0) {
        matchNone(batch);
        return 0;
      }
      v4(batch, tick);
      if ((batch.flags & V6) !== 0) v6(batch, tick);
      return 0;
    },
  };
}
