// Data path.
// Where to: the adjacency of the VPC the packet goes to, and whether the packet fits there. Before
// anything is kept for it, and before it is changed: an answer quotes it as it came.

import type { Batch } from "../../packet/batch.ts";
import { segmentsFit } from "../../packet/offload.ts";
import { type PacketPool, TO_BE_CUT, V6 } from "../../packet/packet-pool.ts";
import { DROP } from "../../packet/verdict.ts";
import type { SnapshotHolder } from "../../tables/snapshot.ts";
import type { NetworkFunction } from "../network-function.ts";

const TOO_BIG = DROP["too-big"].code;
const DONT_FRAGMENT = 0x40;

export function route(pool: PacketPool, snapshot: SnapshotHolder): NetworkFunction {
  const { bytes, l3, end, flags, toVpc, adjacency, verdict } = pool;

  /** IPv4 without DF may be cut; IPv6 never (RFC 791, 3.2; RFC 8200, 5). */
  function mayNotBeCut(row: number): boolean {
    return (flags[row]! & V6) !== 0 || (bytes[l3[row]! + 6]! & DONT_FRAGMENT) !== 0;
  }

  function checkLengths(batch: Batch): number {
    const { rows, count } = batch;
    const { vpcMtus } = snapshot.current;
    let decided = 0;
    for (let i = 0; i < count; i++) {
      const row = rows[i]!;
      const mtu = vpcMtus[toVpc[row]!]!;
      if (end[row]! - l3[row]! <= mtu || segmentsFit(pool, row, l3[row]!, mtu)) continue;
      if (mayNotBeCut(row)) {
        verdict[row] = TOO_BIG;
        decided++;
      } else {
        flags[row] = flags[row]! | TO_BE_CUT;
        batch.flags |= TO_BE_CUT;
      }
    }
    return decided;
  }

  return {
    name: "route",
    reads: ["toVpc", "l3", "end", "flags", "offload"],
    writes: ["adjacency", "flags"],
    process(batch) {
      const { rows, count } = batch;
      const { vpcAdjacencies, hasMtus } = snapshot.current;
      for (let i = 0; i < count; i++) {
        const row = rows[i]!;
        adjacency[row] = vpcAdjacencies[toVpc[row]!]!;
      }
      return hasMtus ? checkLengths(batch) : 0;
    },
  };
}
