// Data path.
// The one step that changes a packet: addresses and ports as the two rules say, one less hop, and
// the checksums that cover them. It knows rules, not the modes they came from.

import { fold, updateChecksum, updateUdpChecksum, wordSum } from "../../packet/checksum-update.ts";
import { lowerHopLimit } from "../../packet/lower-hop-limit.ts";
import {
  FIXED_ADDRESSES,
  FRAGMENT,
  ICMP_ERROR,
  type PacketPool,
  PORTS,
  TO_BE_CUT,
  UDP_CHECKSUM,
  V6,
} from "../../packet/packet-pool.ts";
import { DROP } from "../../packet/verdict.ts";
import { NO_MAPPING, ruleApplier } from "../../tables/apply-rule.ts";
import { translates } from "../../tables/flow-entry.ts";
import type { FlowTable } from "../../tables/flow-table.ts";
import { tickFrom } from "../../tables/flow-timers.ts";
import { IDENTITY, KIND, RULE_WORDS } from "../../tables/rule-table.ts";
import type { SnapshotHolder } from "../../tables/snapshot.ts";
import type { NetworkFunction } from "../network-function.ts";
import type { FragmentRenamer } from "./rename-fragments.ts";
import { flowTranslator } from "./translate-flow.ts";
import { quotedTranslator } from "./translate-quoted.ts";

const NO_MAPPING_DROP = DROP["no-mapping"].code;
const UNTRANSLATABLE = DROP["untranslatable"].code;

export function translate(
  pool: PacketPool,
  snapshot: SnapshotHolder,
  tables: readonly [FlowTable, FlowTable],
  renameFragments: FragmentRenamer,
): NetworkFunction {
  const { bytes, view, l3, l4, flags, l4Checksum, sourcePort, destinationPort } = pool;
  const { sourceRule, destinationRule, flow, verdict } = pool;
  const translateFlow4 = flowTranslator(pool, tables[0]);
  const translateFlow6 = flowTranslator(pool, tables[1]);
  const applyRule = ruleApplier(pool, snapshot);
  const translateQuoted = quotedTranslator(pool, snapshot, tables, applyRule);

  /** Whether the flow of the entry changes packets at all. */
  function changes(rowFlags: number, entry: number): boolean {
    const { layout, slab } = tables[rowFlags & V6]!;
    return translates(layout, slab.words, entry);
  }

  /** A packet of a flow; a drop code or 0. */
  function inFlow(row: number, entry: number, since: number): number {
    const rowFlags = flags[row]!;
    if ((rowFlags & ICMP_ERROR) !== 0) return translateQuoted(row);
    if ((rowFlags & FIXED_ADDRESSES) !== 0 && changes(rowFlags, entry)) return UNTRANSLATABLE;
    if ((rowFlags & V6) !== 0) translateFlow6(row, entry, since);
    else translateFlow4(row, entry, since);
    return 0;
  }

  /** A packet that the rules of both sides translate; a drop code or 0. */
  function withoutFlow(row: number): number {
    const { rules } = snapshot.current;
    const sourceKind = rules[sourceRule[row]! * RULE_WORDS + KIND]!;
    const destinationKind = rules[destinationRule[row]! * RULE_WORDS + KIND]!;
    const rowFlags = flags[row]!;
    const v6 = (rowFlags & V6) !== 0;
    const at = l3[row]!;
    const fixed = (rowFlags & FIXED_ADDRESSES) !== 0;
    const identity = sourceKind === IDENTITY && destinationKind === IDENTITY;
    if (fixed && !identity) return UNTRANSLATABLE;
    // A router whose own address is translated may send an error about a packet that was not.
    if ((rowFlags & ICMP_ERROR) !== 0 && !fixed) return translateQuoted(row);
    if (identity) {
      lowerHopLimit(bytes, view, at, v6);
      return 0;
    }
    const size = v6 ? 16 : 4;
    const source = at + (v6 ? 8 : 12);
    const addressesEnd = source + 2 * size;
    const before = wordSum(view, source, addressesEnd);
    const newSource = applyRule(sourceRule[row]!, source, v6, sourcePort[row]!);
    if (newSource === NO_MAPPING) return NO_MAPPING_DROP;
    const target = destinationRule[row]!;
    const newDestination = applyRule(target, source + size, v6, destinationPort[row]!);
    if (newDestination === NO_MAPPING) return NO_MAPPING_DROP;
    const after = wordSum(view, source, addressesEnd);
    if (!v6) updateChecksum(view, at + 10, before, after);
    lowerHopLimit(bytes, view, at, v6);
    rewriteTransport(row, before, after, newSource, newDestination);
    return 0;
  }

  /** Ports, and the transport checksum for addresses and ports together. */
  function rewriteTransport(
    row: number,
    addressesBefore: number,
    addressesAfter: number,
    newSourcePort: number,
    newDestinationPort: number,
  ): void {
    let before = addressesBefore;
    let after = addressesAfter;
    if ((flags[row]! & PORTS) !== 0) {
      const ports = l4[row]!;
      before = fold(before + wordSum(view, ports, ports + 4));
      view.setUint16(ports, newSourcePort);
      view.setUint16(ports + 2, newDestinationPort);
      after = fold(after + wordSum(view, ports, ports + 4));
    }
    const checksum = l4Checksum[row]!;
    if (checksum === 0) return;
    if ((flags[row]! & UDP_CHECKSUM) !== 0) updateUdpChecksum(view, checksum, before, after);
    else updateChecksum(view, checksum, before, after);
  }

  return {
    name: "translate",
    reads: [
      "flow",
      "direction",
      "protocol",
      "l3",
      "l4",
      "end",
      "flags",
      "l4Checksum",
      "sourcePort",
      "destinationPort",
      "datagram",
      "sourceRule",
      "destinationRule",
    ],
    writes: [],
    process(batch, now) {
      const since = tickFrom(now);
      const { rows, count } = batch;
      let decided = 0;
      for (let i = 0; i < count; i++) {
        const row = rows[i]!;
        const entry = flow[row]!;
        const problem = entry >= 0 ? inFlow(row, entry, since) : withoutFlow(row);
        if (problem === 0) continue;
        verdict[row] = problem;
        decided++;
      }
      if ((batch.flags & (FRAGMENT | TO_BE_CUT)) !== 0) renameFragments(rows, count);
      return decided;
    },
  };
}
