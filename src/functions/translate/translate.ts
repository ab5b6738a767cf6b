// Data path.
// The one step that changes a packet: addresses and ports as the two rules say, one less hop, and
// the checksums that cover them. It knows rules, not the modes they came from.

import { fold, updateChecksum, updateUdpChecksum, wordSum } from "../../packet/checksum-update.ts";
import { lowerHopLimit } from "../../packet/lower-hop-limit.ts";
import {
  FIXED_ADDRESSES,
  ICMP_ERROR,
  type PacketPool,
  UDP_CHECKSUM,
  V6,
} from "../../packet/packet-pool.ts";
import { DROP } from "../../packet/verdict.ts";
import { NO_MAPPING, ruleApplier } from "../../tables/apply-rule.ts";
import type { FlowTable } from "../../tables/flow-table.ts";
import { TICK_MILLIS } from "../../tables/flow-timers.ts";
import { DELTA, IDENTITY, KIND, RULE_WORDS, SHIFT } from "../../tables/rule-table.ts";
import type { SnapshotHolder } from "../../tables/snapshot.ts";
import type { NetworkFunction } from "../network-function.ts";
import { flowTranslator } from "./translate-flow.ts";
import { quotedTranslator } from "./translate-quoted.ts";

const NO_MAPPING_DROP = DROP["no-mapping"].code;
const UNTRANSLATABLE = DROP["untranslatable"].code;

export function translate(
  pool: PacketPool,
  snapshot: SnapshotHolder,
  tables: readonly [FlowTable, FlowTable],
): NetworkFunction {
  const { bytes, view, l3, l4, flags, l4Checksum, sourcePort, destinationPort } = pool;
  const { sourceRule, destinationRule, flow, verdict } = pool;
  const translateFlow4 = flowTranslator(pool, tables[0]);
  const translateFlow6 = flowTranslator(pool, tables[1]);
  const applyRule = ruleApplier(pool, snapshot);
  const translateQuoted = quotedTranslator(pool, snapshot, tables, applyRule);

  /** IPv4, both rules a shift (or a shift by nothing): nearly every packet. */
  function shiftV4(row: number, at: number, sourceDelta: number, destinationDelta: number): void {
    const source = view.getInt32(at + 12);
    const destination = view.getInt32(at + 16);
    const newSource = (source + sourceDelta) | 0;
    const newDestination = (destination + destinationDelta) | 0;
    view.setInt32(at + 12, newSource);
    view.setInt32(at + 16, newDestination);
    // Sums of ~old + new over the address words (RFC 1624, equation 3).
    const change =
      (~source >>> 16) +
      (~source & 0xffff) +
      (newSource >>> 16) +
      (newSource & 0xffff) +
      (~destination >>> 16) +
      (~destination & 0xffff) +
      (newDestination >>> 16) +
      (newDestination & 0xffff);
    const ttl = view.getUint16(at + 8);
    view.setUint16(at + 8, ttl - 0x100);
    let sum = (~view.getUint16(at + 10) & 0xffff) + change + (~ttl & 0xffff) + (ttl - 0x100);
    sum = (sum & 0xffff) + (sum >>> 16);
    view.setUint16(at + 10, ~((sum & 0xffff) + (sum >>> 16)) & 0xffff);
    const checksum = l4Checksum[row]!;
    if (checksum === 0 || (sourceDelta | destinationDelta) === 0) return;
    const old = view.getUint16(checksum);
    const udp = (flags[row]! & UDP_CHECKSUM) !== 0;
    if (old === 0 && udp) return;
    sum = (~old & 0xffff) + change;
    sum = (sum & 0xffff) + (sum >>> 16);
    sum = ~((sum & 0xffff) + (sum >>> 16)) & 0xffff;
    view.setUint16(checksum, sum === 0 && udp ? 0xffff : sum);
  }

  /** IPv6, both rules a shift: only the words that a delta reaches are read and written. */
  function shiftV6(row: number, at: number, sourceWord: number, destinationWord: number): void {
    const { rules } = snapshot.current;
    const change =
      shiftAddress(at + 8, sourceWord + DELTA, rules) +
      shiftAddress(at + 24, destinationWord + DELTA, rules);
    bytes[at + 7] = bytes[at + 7]! - 1;
    const checksum = l4Checksum[row]!;
    if (checksum === 0 || change === 0) return;
    const old = view.getUint16(checksum);
    const udp = (flags[row]! & UDP_CHECKSUM) !== 0;
    if (old === 0 && udp) return;
    let sum = (~old & 0xffff) + change;
    sum = (sum & 0xffff) + (sum >>> 16);
    sum = ~((sum & 0xffff) + (sum >>> 16)) & 0xffff;
    view.setUint16(checksum, sum === 0 && udp ? 0xffff : sum);
  }

  /** Adds four words with carries; the sum of ~old + new over the words that changed. */
  function shiftAddress(at: number, delta: number, rules: Int32Array): number {
    let carry = 0;
    let change = 0;
    for (let i = 3; i >= 0; i--) {
      const add = rules[delta + i]!;
      if ((add | carry) === 0) continue;
      const old = view.getInt32(at + 4 * i);
      const sum = (old + add + carry) | 0;
      view.setInt32(at + 4 * i, sum);
      carry = ((old & add) | ((old | add) & ~sum)) >>> 31;
      change += (~old >>> 16) + (~old & 0xffff) + (sum >>> 16) + (sum & 0xffff);
    }
    return change;
  }

  /** A packet of a flow; a drop code or 0. */
  function inFlow(row: number, entry: number, tick: number): number {
    const rowFlags = flags[row]!;
    if ((rowFlags & ICMP_ERROR) !== 0) return translateQuoted(row);
    if ((rowFlags & FIXED_ADDRESSES) !== 0) return UNTRANSLATABLE;
    if ((rowFlags & V6) !== 0) translateFlow6(row, entry, tick);
    else translateFlow4(row, entry, tick);
    return 0;
  }

  /** Everything else; a drop code or 0. */
  function translateAny(row: number, sourceKind: number, destinationKind: number): number {
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
    if (newSourcePort >= 0) {
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
      "sourceRule",
      "destinationRule",
    ],
    writes: [],
    process(batch, now) {
      const tick = Math.floor(now / TICK_MILLIS) | 0;
      const { rows, count } = batch;
      const { rules } = snapshot.current;
      let decided = 0;
      for (let i = 0; i < count; i++) {
        const row = rows[i]!;
        const entry = flow[row]!;
        if (entry >= 0) {
          const problem = inFlow(row, entry, tick);
          if (problem !== 0) {
            verdict[row] = problem;
            decided++;
          }
          continue;
        }
        const source = sourceRule[row]! * RULE_WORDS;
        const destination = destinationRule[row]! * RULE_WORDS;
        const sourceKind = rules[source + KIND]!;
        const destinationKind = rules[destination + KIND]!;
        const rowFlags = flags[row]!;
        const usual = (rowFlags & (ICMP_ERROR | FIXED_ADDRESSES)) === 0;
        if (usual && sourceKind <= SHIFT && destinationKind <= SHIFT) {
          if ((rowFlags & V6) !== 0) shiftV6(row, l3[row]!, source, destination);
          else shiftV4(row, l3[row]!, rules[source + DELTA]!, rules[destination + DELTA]!);
        } else {
          const problem = translateAny(row, sourceKind, destinationKind);
          if (problem !== 0) {
            verdict[row] = problem;
            decided++;
          }
        }
      }
      return decided;
    },
  };
}
