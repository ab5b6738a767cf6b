// Data path.
// Where to: the adjacency of the VPC the packet goes to.

import type { PacketPool } from "../../packet/packet-pool.ts";
import type { SnapshotHolder } from "../../tables/snapshot.ts";
import type { NetworkFunction } from "../network-function.ts";

export function route(pool: PacketPool, snapshot: SnapshotHolder): NetworkFunction {
  const { toVpc, adjacency } = pool;
  return {
    name: "route",
    reads: ["toVpc"],
    writes: ["adjacency"],
    process(batch) {
      const { rows, count } = batch;
      const { vpcAdjacencies } = snapshot.current;
      for (let i = 0; i < count; i++) {
        const row = rows[i]!;
        adjacency[row] = vpcAdjacencies[toVpc[row]!]!;
      }
      return 0;
    },
  };
}
