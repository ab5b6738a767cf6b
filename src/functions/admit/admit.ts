// Data path.
// Which peering, which exposes: two lookups, destination first, then source. The rule that covers
// the destination names the direction (which way across which peering) and the trie of sources
// allowed that way. Whoever is not covered on both sides goes no further.

import { ICMP_ERROR, LATER_FRAGMENT, type PacketPool, V6 } from "../../packet/packet-pool.ts";
import { DROP } from "../../packet/verdict.ts";
import { lookup } from "../../tables/prefix-table.ts";
import {
  chooseRule,
  DIRECTION,
  KIND,
  NO_FLOW,
  RESTRICTED,
  RULE_WORDS,
  SOURCE_ROOT,
  STATEFUL,
  TO_VPC,
} from "../../tables/rule-table.ts";
import type { SnapshotHolder } from "../../tables/snapshot.ts";
import type { NetworkFunction } from "../network-function.ts";

const NO_PEERING = DROP["no-peering"].code;
const PORT_NOT_EXPOSED = DROP["port-not-exposed"].code;
const NO_FLOW_DROP = DROP["no-flow"].code;
const SOURCE_NOT_EXPOSED = DROP["source-not-exposed"].code;
const SOURCE_PORT_NOT_EXPOSED = DROP["source-port-not-exposed"].code;
const FRAGMENT_WITHOUT_PORTS = DROP["fragment-without-ports"].code;
const NOT_SUPPORTED_YET = DROP["not-supported-yet"].code;

export function admit(pool: PacketPool, snapshot: SnapshotHolder): NetworkFunction {
  const { bytes, l3, flags, vpc, protocol, sourcePort, destinationPort } = pool;
  const { toVpc, direction, sourceRule, destinationRule, verdict } = pool;

  /** Rules with conditions, out of the common way. A rule, or minus a drop code. */
  function chooseDestination(row: number, rule: number): number {
    if (rule === 0) return -NO_PEERING;
    const { rules } = snapshot.current;
    const chosen = chooseRule(rules, rule, protocol[row]!, destinationPort[row]!);
    if (chosen > 0) return chosen;
    if (chosen === NO_FLOW) return -NO_FLOW_DROP;
    return -((flags[row]! & LATER_FRAGMENT) !== 0 ? FRAGMENT_WITHOUT_PORTS : PORT_NOT_EXPOSED);
  }

  function chooseSource(row: number, rule: number): number {
    if (rule === 0) return -SOURCE_NOT_EXPOSED;
    const { rules } = snapshot.current;
    const chosen = chooseRule(rules, rule, protocol[row]!, sourcePort[row]!);
    if (chosen > 0) return chosen;
    return -((flags[row]! & LATER_FRAGMENT) !== 0
      ? FRAGMENT_WITHOUT_PORTS
      : SOURCE_PORT_NOT_EXPOSED);
  }

  return {
    name: "admit",
    reads: ["vpc", "l3", "flags", "protocol", "sourcePort", "destinationPort"],
    writes: ["toVpc", "direction", "destinationRule", "sourceRule"],
    process(batch) {
      const { rows, count } = batch;
      const { cells, rules, destinationRoots } = snapshot.current;
      let decided = 0;
      for (let i = 0; i < count; i++) {
        const row = rows[i]!;
        const rowFlags = flags[row]!;
        if ((rowFlags & ICMP_ERROR) !== 0) continue;
        const v6 = rowFlags & V6;
        const at = l3[row]! + (v6 !== 0 ? 24 : 16);
        let rule = lookup(cells, destinationRoots[vpc[row]! * 2 + v6]!, bytes, at);
        if (rule === 0 || rules[rule * RULE_WORDS + RESTRICTED]! !== 0) {
          rule = chooseDestination(row, rule);
        }
        destinationRule[row] = rule;
      }
      for (let i = 0; i < count; i++) {
        const row = rows[i]!;
        const rowFlags = flags[row]!;
        if ((rowFlags & ICMP_ERROR) !== 0) continue;
        const found = destinationRule[row]!;
        if (found < 0) {
          verdict[row] = -found;
          destinationRule[row] = 0;
          decided++;
          continue;
        }
        const word = found * RULE_WORDS;
        toVpc[row] = rules[word + TO_VPC]!;
        direction[row] = rules[word + DIRECTION]!;
        const at = l3[row]! + ((rowFlags & V6) !== 0 ? 8 : 12);
        let rule = lookup(cells, rules[word + SOURCE_ROOT]!, bytes, at);
        if (rule === 0 || rules[rule * RULE_WORDS + RESTRICTED]! !== 0) {
          rule = chooseSource(row, rule);
          if (rule < 0) {
            verdict[row] = -rule;
            decided++;
            continue;
          }
        }
        sourceRule[row] = rule;
        if (rules[word + KIND]! === STATEFUL || rules[rule * RULE_WORDS + KIND]! === STATEFUL) {
          verdict[row] = NOT_SUPPORTED_YET;
          decided++;
        }
      }
      return decided;
    },
  };
}
