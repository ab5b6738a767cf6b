// Data path.
// Is the frame for this gateway? On a live interface come frames for others too: of a group, of
// another MAC address, of another VLAN. Of those for a group only the questions of neighbors count.

import { ETHERTYPE_IPV6 } from "../../packet/locate-ip.ts";
import type { PacketPool } from "../../packet/packet-pool.ts";
import { CONSUMED, DROP } from "../../packet/verdict.ts";
import { ADDRESSED, type InterfaceTable } from "../../tables/interface-table.ts";
import type { NetworkFunction } from "../network-function.ts";

const NOT_FOR_US = DROP["not-for-us"].code;
const TAKEN = CONSUMED;
const ARP = 0x0806;
const FRAME_MIN = 14;
/** To the next header of IPv6. */
const NEIGHBORS_MIN = FRAME_MIN + 40;
const ICMPV6 = 58;

export function addressed(pool: PacketPool, interfaces: InterfaceTable): NetworkFunction {
  const { bytes, view, start, length, rxInterface, verdict } = pool;
  const { kinds, macStarts, macEnds } = interfaces;

  /** 0 to go on, or the verdict. */
  function judge(at: number, size: number, iface: number): number {
    if (size < FRAME_MIN) return 0;
    const type = view.getUint16(at + 12);
    const group = (bytes[at]! & 1) === 1;
    const mine =
      view.getInt32(at) === macStarts[iface]! && view.getUint16(at + 4) === macEnds[iface]!;
    if (!group && !mine) return NOT_FOR_US;
    if (type === ARP) return TAKEN;
    if (!group) return type === 0x8100 || type === 0x88a8 ? NOT_FOR_US : 0;
    const asks = type === ETHERTYPE_IPV6 && size >= NEIGHBORS_MIN && bytes[at + 20] === ICMPV6;
    return asks ? 0 : NOT_FOR_US;
  }

  return {
    name: "addressed",
    reads: ["start", "length", "rxInterface"],
    writes: [],
    process(batch) {
      const { rows, count } = batch;
      let decided = 0;
      for (let i = 0; i < count; i++) {
        const row = rows[i]!;
        const iface = rxInterface[row]!;
        if ((kinds[iface]! & ADDRESSED) === 0) continue;
        const code = judge(start[row]!, length[row]!, iface);
        if (code === 0) continue;
        verdict[row] = code;
        decided++;
      }
      return decided;
    },
  };
}
