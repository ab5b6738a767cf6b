// Data path.
// An ICMP error: the quoted packet is translated back, by the rules an answer to it would get, and
// the outer header with it. Outer destination: whoever sent the quoted packet. Outer source: mapped
// if that side's rules map it; else what the quoted destination became, if that is who complains;
// else as it is (a router that nobody exposes keeps its name).

import {
  byteSum,
  fold,
  icmpv6Sum,
  mendZeroMessage,
  updateChecksum,
  updateUdpChecksum,
  wordSum,
} from "../../packet/checksum-update.ts";
import { lowerHopLimit } from "../../packet/lower-hop-limit.ts";
import { type PacketPool, V6 } from "../../packet/packet-pool.ts";
import { QuotedPacket } from "../../packet/quoted-packet.ts";
import { DROP } from "../../packet/verdict.ts";
import { NO_MAPPING, type RuleApplier } from "../../tables/apply-rule.ts";
import type { FlowTable } from "../../tables/flow-table.ts";
import { lookup } from "../../tables/prefix-table.ts";
import {
  chooseRule,
  KIND,
  needsFlow,
  RULE_WORDS,
  SHIFT,
  SOURCE_ROOT,
} from "../../tables/rule-table.ts";
import type { SnapshotHolder } from "../../tables/snapshot.ts";

const NO_MAPPING_DROP = DROP["no-mapping"].code;
const ICMP_HEADER = 8;
const ICMP = 1;
const UDP = 17;

/** Translates the ICMP error in `row`, which icmp-error has decided; a drop code or 0. */
export type QuotedTranslator = (row: number) => number;

export function quotedTranslator(
  pool: PacketPool,
  snapshot: SnapshotHolder,
  tables: readonly [FlowTable, FlowTable],
  applyRule: RuleApplier,
): QuotedTranslator {
  const { bytes, view, l3, l4, end, flags, protocol, sourceRule, destinationRule } = pool;
  const { flow, direction } = pool;
  const quoted = new QuotedPacket();

  /** The quoted packet's sender is our destination side, its destination our source side. */
  function translateInner(row: number, v6: boolean): number {
    const at = quoted.l3;
    const size = v6 ? 16 : 4;
    const source = at + (v6 ? 8 : 12);
    const hasPorts = quoted.sourcePort >= 0;
    let before = wordSum(view, source, source + 2 * size);
    const newSource = applyRule(destinationRule[row]!, source, v6, quoted.sourcePort);
    if (newSource === NO_MAPPING) return NO_MAPPING_DROP;
    const newTarget = applyRule(sourceRule[row]!, source + size, v6, quoted.destinationPort);
    if (newTarget === NO_MAPPING) return NO_MAPPING_DROP;
    let after = wordSum(view, source, source + 2 * size);
    if (!v6 && before !== after) updateChecksum(view, at + 10, before, after);
    if (hasPorts) {
      before = fold(before + wordSum(view, quoted.l4, quoted.l4 + 4));
      view.setUint16(quoted.l4, newSource);
      view.setUint16(quoted.l4 + 2, newTarget);
      after = fold(after + wordSum(view, quoted.l4, quoted.l4 + 4));
    }
    rewriteChecksum(before, after);
    return 0;
  }

  /** The same by the flow: what an answer to the quoted packet becomes, exchanged. */
  function translateInnerByFlow(row: number, v6: boolean): void {
    const { slab, layout } = tables[v6 ? 1 : 0];
    const { words } = slab;
    const entry = flow[row]! * layout.words;
    const at = quoted.l3;
    const source = at + (v6 ? 8 : 12);
    const size = v6 ? 16 : 4;
    let before = wordSum(view, source, source + 2 * size);
    for (let i = 0; i < layout.addressWords; i++) {
      view.setInt32(source + 4 * i, words[entry + layout.newDestination + i]!);
      view.setInt32(source + size + 4 * i, words[entry + layout.newSource + i]!);
    }
    let after = wordSum(view, source, source + 2 * size);
    if (!v6 && before !== after) updateChecksum(view, at + 10, before, after);
    const ports = words[entry + layout.newPorts]!;
    if (quoted.sourcePort >= 0) {
      before = fold(before + wordSum(view, quoted.l4, quoted.l4 + 4));
      view.setUint16(quoted.l4, ports & 0xffff);
      view.setUint16(quoted.l4 + 2, ports >>> 16);
      after = fold(after + wordSum(view, quoted.l4, quoted.l4 + 4));
    } else {
      // The checksum of ICMP does not cover the addresses; that of ICMPv6 does.
      const old = view.getUint16(quoted.l4 + 4);
      view.setUint16(quoted.l4 + 4, ports >>> 16);
      before = fold((v6 ? before : 0) + old);
      after = fold((v6 ? after : 0) + (ports >>> 16));
      quoted.checksum = quoted.l4 + 2;
    }
    rewriteChecksum(before, after);
    if (quoted.protocol === ICMP) mendZeroMessage(view, quoted.l4);
  }

  /** The outer source: mapped if that side's rules map it; else, from a side that hides behind a
   * public address, the one the flow has; else as it is. */
  function translateSourceByFlow(row: number, v6: boolean, source: number): void {
    const table = tables[v6 ? 1 : 0];
    const { words } = table.slab;
    const { layout } = table;
    const entry = flow[row]! * layout.words;
    const { cells, rules, directionRoots } = snapshot.current;
    const root = directionRoots[direction[row]! * 2 + (v6 ? 1 : 0)]!;
    const rule = chooseRule(rules, lookup(cells, root, bytes, source), protocol[row]!, -1);
    const stateless = rule > 0 && !needsFlow(rules, rule * RULE_WORDS);
    if (stateless && rules[rule * RULE_WORDS + KIND]! <= SHIFT) {
      applyRule(rule, source, v6, -1);
      return;
    }
    if (!table.hides(flow[row]!, rules) && !isAddress(words, entry + layout.source, source, v6)) {
      return;
    }
    for (let i = 0; i < layout.addressWords; i++) {
      view.setInt32(source + 4 * i, words[entry + layout.newSource + i]!);
    }
  }

  function isAddress(words: Int32Array, word: number, at: number, v6: boolean): boolean {
    for (let i = 0; i < (v6 ? 4 : 1); i++) {
      if (view.getInt32(at + 4 * i) !== words[word + i]!) return false;
    }
    return true;
  }

  function rewriteChecksum(before: number, after: number): void {
    if (quoted.checksum === 0 || before === after) return;
    if (quoted.protocol === UDP) updateUdpChecksum(view, quoted.checksum, before, after);
    else updateChecksum(view, quoted.checksum, before, after);
  }

  /** The same by the rules. `own`: the quoted destination itself complains. An expose with ports
   * says nothing of an address alone, but what it made of that destination. */
  function translateSource(row: number, v6: boolean, source: number, own: boolean): void {
    const { cells, rules } = snapshot.current;
    const root = rules[destinationRule[row]! * RULE_WORDS + SOURCE_ROOT]!;
    const rule = chooseRule(rules, lookup(cells, root, bytes, source), protocol[row]!, -1);
    if (rule > 0 && rules[rule * RULE_WORDS + KIND]! <= SHIFT) applyRule(rule, source, v6, -1);
    else if (own) {
      const target = quoted.l3 + (v6 ? 24 : 16);
      bytes.copyWithin(source, target, target + (v6 ? 16 : 4));
    }
  }

  /** Whether the destination of the quoted packet sends the error. */
  function isOwn(row: number, v6: boolean): boolean {
    const source = l3[row]! + (v6 ? 8 : 12);
    const target = quoted.l3 + (v6 ? 24 : 16);
    for (let i = 0; i < (v6 ? 16 : 4); i += 4) {
      if (view.getInt32(source + i) !== view.getInt32(target + i)) return false;
    }
    return true;
  }

  function translateOuter(row: number, v6: boolean, own: boolean): void {
    const at = l3[row]!;
    const size = v6 ? 16 : 4;
    const source = at + (v6 ? 8 : 12);
    const before = wordSum(view, source, source + 2 * size);
    if (flow[row]! >= 0) translateSourceByFlow(row, v6, source);
    else translateSource(row, v6, source, own);
    bytes.copyWithin(source + size, quoted.l3 + (v6 ? 8 : 12), quoted.l3 + (v6 ? 8 : 12) + size);
    if (!v6) updateChecksum(view, at + 10, before, wordSum(view, source, source + 2 * size));
    lowerHopLimit(bytes, view, at, v6);
  }

  /** The message was whole and its checksum right on arrival, so it can be summed anew. */
  function renewChecksum(row: number, v6: boolean): void {
    const message = l4[row]!;
    view.setUint16(message + 2, 0);
    const sum = v6
      ? icmpv6Sum(view, l3[row]!, message, end[row]!)
      : byteSum(view, message, end[row]!);
    view.setUint16(message + 2, ~sum & 0xffff);
  }

  return function translateQuoted(row) {
    const v6 = (flags[row]! & V6) !== 0;
    const problem = quoted.read(bytes, view, l4[row]! + ICMP_HEADER, end[row]!, v6);
    if (problem !== 0) return problem;
    const own = isOwn(row, v6);
    if (flow[row]! >= 0) translateInnerByFlow(row, v6);
    else {
      const unmapped = translateInner(row, v6);
      if (unmapped !== 0) return unmapped;
    }
    translateOuter(row, v6, own);
    renewChecksum(row, v6);
    return 0;
  };
}
