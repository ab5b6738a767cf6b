// Data path.
// The peering's own rules, before any translation: the first that matches decides, then the
// default.

import { ANSWERS_EXPIRED, ICMP_ERROR, type PacketPool, V6 } from "../../packet/packet-pool.ts";
import { DROP } from "../../packet/verdict.ts";
import { BY_DEFAULT, evaluateAcl, NO_ACL } from "../../tables/acl-table.ts";
import { ACL, RULE_WORDS } from "../../tables/rule-table.ts";
import { ACL_WORDS, type SnapshotHolder } from "../../tables/snapshot.ts";
import type { NetworkFunction } from "../network-function.ts";

const ACL_DENIED = DROP["acl-denied"].code;
const FLOW_EXPIRED = DROP["flow-expired"].code;

export function acl(pool: PacketPool, snapshot: SnapshotHolder): NetworkFunction {
  const { view, l3, flags, protocol, sourcePort, destinationPort, destinationRule } = pool;
  const { aclRule, flow, direction, verdict } = pool;

  function evaluate(row: number, list: number): boolean {
    const { acls, aclEntries, aclDenies } = snapshot.current;
    const v6 = (flags[row]! & V6) !== 0;
    const at = list * ACL_WORDS;
    const rule = evaluateAcl(
      aclEntries,
      acls[at]!,
      acls[at + 1]!,
      v6 ? 6 : 4,
      view,
      l3[row]! + (v6 ? 8 : 12),
      l3[row]! + (v6 ? 24 : 16),
      protocol[row]!,
      sourcePort[row]!,
      destinationPort[row]!,
    );
    aclRule[row] = rule;
    return rule === BY_DEFAULT ? acls[at + 2]! !== 0 : aclDenies[rule]! !== 0;
  }

  function denies(row: number, list: number): boolean {
    return list >= 0 && evaluate(row, list);
  }

  /** Of a flow only the first packet is asked, except for rules about each packet. */
  function deniesPacket(row: number, list: number): boolean {
    if (list < 0 || (flags[row]! & ICMP_ERROR) !== 0) return false;
    const { acls, aclPackets } = snapshot.current;
    if (acls[list * ACL_WORDS + 3]! === 0) return false;
    const denied = evaluate(row, list);
    const rule = aclRule[row]!;
    if (rule !== BY_DEFAULT && aclPackets[rule]! !== 0) return denied;
    aclRule[row] = NO_ACL;
    return false;
  }

  /** Unless a rule is about each packet, an answer would have passed: this one comes too late. */
  function reasonOf(row: number): number {
    if ((flags[row]! & ANSWERS_EXPIRED) === 0) return ACL_DENIED;
    const rule = aclRule[row]!;
    const each = rule !== BY_DEFAULT && snapshot.current.aclPackets[rule]! !== 0;
    return each ? ACL_DENIED : FLOW_EXPIRED;
  }

  return {
    name: "acl",
    reads: [
      "flow",
      "direction",
      "l3",
      "flags",
      "protocol",
      "sourcePort",
      "destinationPort",
      "destinationRule",
    ],
    writes: ["aclRule"],
    process(batch) {
      const { rows, count } = batch;
      const { rules, acls, directionAcls } = snapshot.current;
      if (acls.length === 0) {
        return 0;
      }
      let decided = 0;
      for (let i = 0; i < count; i++) {
        const row = rows[i]!;
        aclRule[row] = NO_ACL;
        const denied =
          flow[row]! >= 0
            ? deniesPacket(row, directionAcls[direction[row]!]!)
            : denies(row, rules[destinationRule[row]! * RULE_WORDS + ACL]!);
        if (denied) {
          verdict[row] = reasonOf(row);
          decided++;
        }
      }
      return decided;
    },
  };
}
