// Data path.
// Which peering, which exposes: two lookups, destination first, then source. The rule that covers
// the destination names the direction (which way across which peering) and the trie of sources
// allowed that way. Whoever is not covered on both sides goes no further.

import { ANSWERS_EXPIRED, FLOW_WANTED, type PacketPool, V6 } from "../../packet/packet-pool.ts";
import { DROP } from "../../packet/verdict.ts";
import { lookup } from "../../tables/prefix-table.ts";
import {
  CONDITIONAL,
  chooseRule,
  DELTA,
  DIRECTION,
  KIND,
  NO_FLOW,
  nextReceiver,
  RECEIVE,
  RESTRICTED,
  RULE_WORDS,
  SOURCE_ROOT,
  TO_VPC,
  TRACK,
} from "../../tables/rule-table.ts";
import type { SnapshotHolder } from "../../tables/snapshot.ts";
import type { NetworkFunction } from "../network-function.ts";

const NO_PEERING = DROP["no-peering"].code;
const PORT_NOT_EXPOSED = DROP["port-not-exposed"].code;
const NO_FLOW_DROP = DROP["no-flow"].code;
const FLOW_EXPIRED = DROP["flow-expired"].code;
const SOURCE_NOT_EXPOSED = DROP["source-not-exposed"].code;
const SOURCE_PORT_NOT_EXPOSED = DROP["source-port-not-exposed"].code;

/** A drop code stands here, and above it the rule that came closest. */
const CODE_BITS = 8;
const CODE = (1 << CODE_BITS) - 1;

export function admit(pool: PacketPool, snapshot: SnapshotHolder): NetworkFunction {
  const { bytes, view, l3, flags, vpc, protocol, sourcePort, destinationPort } = pool;
  const { toVpc, direction, sourceRule, destinationRule, flow, verdict } = pool;

  /** Rules with conditions, out of the common way. A rule, or minus a drop code with the rule that
   * covers the address but not the port. */
  function chooseDestination(row: number, rule: number): number {
    if (rule === 0) return -NO_PEERING;
    const { rules } = snapshot.current;
    const chosen = chooseRule(rules, rule, protocol[row]!, destinationPort[row]!);
    if (chosen > 0)
      return rules[chosen * RULE_WORDS + KIND]! === RECEIVE ? ask(row, chosen) : chosen;
    if (chosen === NO_FLOW) return -NO_FLOW_DROP;
    return -(PORT_NOT_EXPOSED | (rule << CODE_BITS));
  }

  /** Several VPCs may receive at one public address: the one whose endpoint it is, else the first,
   * which will say that there is no flow. */
  function ask(row: number, first: number): number {
    const { rules, binders } = snapshot.current;
    const v6 = (flags[row]! & V6) !== 0;
    const at = l3[row]! + (v6 ? 24 : 16);
    let rule = nextReceiver(rules, first);
    if (rule === 0) return first;
    for (rule = first; rule !== 0; rule = nextReceiver(rules, rule)) {
      const binder = binders[rules[rule * RULE_WORDS + DELTA]!]!;
      if (binder.serves(view, at, v6, protocol[row]!, destinationPort[row]!)) return rule;
    }
    return first;
  }

  function chooseSource(row: number, rule: number): number {
    if (rule === 0) return -SOURCE_NOT_EXPOSED;
    const { rules } = snapshot.current;
    const chosen = chooseRule(rules, rule, protocol[row]!, sourcePort[row]!);
    if (chosen > 0) return chosen;
    sourceRule[row] = rule;
    return -SOURCE_PORT_NOT_EXPOSED;
  }

  /** First pass: the rule of each destination, or what `chooseDestination` says. Apart from the
   * second, so that the cache misses of different packets overlap. */
  function findDestinations(rows: Int32Array, count: number): void {
    const { cells, rules, destinationRoots } = snapshot.current;
    for (let i = 0; i < count; i++) {
      const row = rows[i]!;
      const rowFlags = flags[row]!;
      const v6 = rowFlags & V6;
      const at = l3[row]! + (v6 !== 0 ? 24 : 16);
      const rule = lookup(cells, destinationRoots[vpc[row]! * 2 + v6]!, bytes, at);
      const asks = rules[rule * RULE_WORDS + RESTRICTED]! & CONDITIONAL;
      const open = rule !== 0 && asks === 0;
      destinationRule[row] = open ? rule : chooseDestination(row, rule);
    }
  }

  /** Second pass: the rule of each source; how many verdicts were given in both. */
  function findSources(rows: Int32Array, count: number): number {
    const { cells, rules } = snapshot.current;
    let decided = 0;
    for (let i = 0; i < count; i++) {
      const row = rows[i]!;
      const rowFlags = flags[row]!;
      const found = destinationRule[row]!;
      if (found < 0) {
        verdict[row] = reasonOf(row, -found & CODE);
        destinationRule[row] = -found >> CODE_BITS;
        decided++;
        continue;
      }
      const word = found * RULE_WORDS;
      toVpc[row] = rules[word + TO_VPC]!;
      direction[row] = rules[word + DIRECTION]!;
      const at = l3[row]! + ((rowFlags & V6) !== 0 ? 8 : 12);
      const rule = lookup(cells, rules[word + SOURCE_ROOT]!, bytes, at);
      const asks = rules[rule * RULE_WORDS + RESTRICTED]! & CONDITIONAL;
      const open = rule !== 0 && asks === 0;
      const problem = admitSource(row, word, open ? rule : chooseSource(row, rule));
      if (problem !== 0) {
        verdict[row] = reasonOf(row, problem);
        decided++;
      }
    }
    return decided;
  }

  /** Takes the source rule, or minus a drop code; a drop code or 0. */
  function admitSource(row: number, destinationWord: number, rule: number): number {
    if (rule < 0) return -rule;
    sourceRule[row] = rule;
    const { rules } = snapshot.current;
    const track = rules[destinationWord + TRACK]! | rules[rule * RULE_WORDS + TRACK]!;
    if (track !== 0) flow[row] = FLOW_WANTED;
    return 0;
  }

  /** Answers may pass where nothing else may: one that is refused has come too late. */
  function reasonOf(row: number, problem: number): number {
    return (flags[row]! & ANSWERS_EXPIRED) !== 0 ? FLOW_EXPIRED : problem;
  }

  return {
    name: "admit",
    reads: ["vpc", "l3", "flags", "protocol", "sourcePort", "destinationPort", "flow"],
    writes: ["toVpc", "direction", "destinationRule", "sourceRule", "flow"],
    process(batch) {
      const { unmatched, unmatchedCount } = batch;
      findDestinations(unmatched, unmatchedCount);
      return findSources(unmatched, unmatchedCount);
    },
  };
}
