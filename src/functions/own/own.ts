// Data path.
// What is for the gateway itself: the messages of neighbors (RFC 4861), and what is addressed to
// one of its own addresses, where it answers pings. Of an address that it shares with exposes, and
// so with hosts of the peer, only pings are for it, and only if no host can be meant.

import { LATER_FRAGMENT, MORE_FRAGMENTS, type PacketPool, V6 } from "../../packet/packet-pool.ts";
import { CONSUMED, DROP } from "../../packet/verdict.ts";
import { ADDRESSED, type InterfaceTable } from "../../tables/interface-table.ts";
import { lookup } from "../../tables/prefix-table.ts";
import { OWN, type SnapshotHolder } from "../../tables/snapshot.ts";
import type { NetworkFunction } from "../network-function.ts";

const NOT_FOR_US = DROP["not-for-us"].code;
const FOR_THE_GATEWAY = DROP["for-the-gateway"].code;
const TAKEN = CONSUMED;
const IN_FRAGMENTS = LATER_FRAGMENT | MORE_FRAGMENTS;
const ICMP = 1;
const ICMPV6 = 58;
const ECHO_REQUEST = 8;
const ECHO_REQUEST_V6 = 128;
/** Solicitations and advertisements of routers and neighbors, and redirects. */
const NEIGHBORS_FIRST = 133;
const NEIGHBORS_LAST = 137;

export function own(
  pool: PacketPool,
  interfaces: InterfaceTable,
  snapshot: SnapshotHolder,
): NetworkFunction {
  const { bytes, rxInterface, start, vpc, l3, l4, flags, protocol, verdict } = pool;
  const { kinds } = interfaces;

  /** 0 to go on, or the verdict. */
  function judge(row: number): number {
    const v6 = flags[row]! & V6;
    const type = bytes[l4[row]!]!;
    const whole = (flags[row]! & IN_FRAGMENTS) === 0;
    const icmp = whole && protocol[row] === (v6 === 0 ? ICMP : ICMPV6);
    if (v6 !== 0 && icmp && type >= NEIGHBORS_FIRST && type <= NEIGHBORS_LAST) return TAKEN;
    if ((bytes[start[row]!]! & 1) === 1) return NOT_FOR_US;
    const { cells, ownRoots } = snapshot.current;
    const at = l3[row]! + (v6 === 0 ? 16 : 24);
    const whose = lookup(cells, ownRoots[vpc[row]! * 2 + v6]!, bytes, at);
    if (whose === 0) return 0;
    if (icmp && type === (v6 === 0 ? ECHO_REQUEST : ECHO_REQUEST_V6)) return TAKEN;
    return whose === OWN ? FOR_THE_GATEWAY : 0;
  }

  return {
    name: "own",
    reads: ["start", "rxInterface", "vpc", "l3", "l4", "flags", "protocol"],
    writes: [],
    process(batch) {
      const { rows, count } = batch;
      let decided = 0;
      for (let i = 0; i < count; i++) {
        const row = rows[i]!;
        if ((kinds[rxInterface[row]!]! & ADDRESSED) === 0) continue;
        const code = judge(row);
        if (code === 0) continue;
        verdict[row] = code;
        decided++;
      }
      return decided;
    },
  };
}
