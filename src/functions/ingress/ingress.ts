// Data path.
// Is this a frame at all, and whose is it if no tunnel says otherwise? Writes the VPC of the
// interface; decap replaces it for frames that come in a tunnel. What later steps find out is
// unset.

import { badEthernet } from "../../packet/ethernet-check.ts";
import { NO_FLOW_YET, type PacketPool } from "../../packet/packet-pool.ts";
import { DROP } from "../../packet/verdict.ts";
import { NO_ACL } from "../../tables/acl-table.ts";
import { type InterfaceTable, RAW_IP, UNREADABLE } from "../../tables/interface-table.ts";
import type { SnapshotHolder } from "../../tables/snapshot.ts";
import type { NetworkFunction } from "../network-function.ts";

const FRAME_TOO_SHORT = DROP["frame-too-short"].code;
const FRAME_TOO_LONG = DROP["frame-too-long"].code;
const UNKNOWN_LINK_TYPE = DROP["unknown-link-type"].code;
const BAD_ADDRESS = DROP["ethernet-bad-address"].code;
const ETHERNET_LENGTH = 14;

export function ingress(
  pool: PacketPool,
  interfaces: InterfaceTable,
  snapshot: SnapshotHolder,
): NetworkFunction {
  const { view, start, length, rxInterface, vpc, outer, verdict } = pool;
  const { l3, direction, sourceRule, destinationRule, aclRule, flow } = pool;
  const { kinds } = interfaces;
  const { frameMax } = pool;
  return {
    name: "ingress",
    reads: ["start", "length", "rxInterface"],
    writes: ["vpc", "outer", "l3", "direction", "sourceRule", "destinationRule", "aclRule", "flow"],
    process(batch) {
      const { rows, count } = batch;
      const { interfaceVpcs } = snapshot.current;
      let decided = 0;
      for (let i = 0; i < count; i++) {
        const row = rows[i]!;
        const iface = rxInterface[row]!;
        vpc[row] = interfaceVpcs[iface]!;
        outer[row] = -1;
        // Unset until a step says so: a packet may be dropped before that, and then be looked at.
        l3[row] = -1;
        direction[row] = -1;
        sourceRule[row] = 0;
        destinationRule[row] = 0;
        aclRule[row] = NO_ACL;
        flow[row] = NO_FLOW_YET;
        let problem = 0;
        if (length[row]! > frameMax) problem = FRAME_TOO_LONG;
        else if ((kinds[iface]! & RAW_IP) !== 0) {
          if ((kinds[iface]! & UNREADABLE) !== 0) problem = UNKNOWN_LINK_TYPE;
          else if (length[row]! === 0) problem = FRAME_TOO_SHORT;
        } else if (length[row]! < ETHERNET_LENGTH) problem = FRAME_TOO_SHORT;
        else if (badEthernet(view, start[row]!)) problem = BAD_ADDRESS;
        if (problem !== 0) {
          verdict[row] = problem;
          decided++;
        }
      }
      return decided;
    },
  };
}
