// Data path.
// An ICMP error belongs to the packet it quotes, so that packet decides: it left the gateway
// towards where the error comes from, and an answer to it would come the error's way. The quoted
// addresses, exchanged, are therefore looked up like an answer. The router that sends the error
// need not be exposed (RFC 4787, REQ-12a; RFC 5508, REQ-4).
//
// This step only decides, like admit for all other packets; translate writes.

import { byteSum, icmpv6Sum } from "../../packet/checksum-update.ts";
import { ICMP_ERROR, MORE_FRAGMENTS, type PacketPool, V6 } from "../../packet/packet-pool.ts";
import { QuotedPacket } from "../../packet/quoted-packet.ts";
import { DROP } from "../../packet/verdict.ts";
import type { FlowTable } from "../../tables/flow-table.ts";
import { tickOf } from "../../tables/flow-timers.ts";
import { lookup } from "../../tables/prefix-table.ts";
import {
  chooseRule,
  DIRECTION,
  NO_FLOW,
  needsFlow,
  RULE_WORDS,
  SOURCE_ROOT,
  TO_VPC,
} from "../../tables/rule-table.ts";
import type { SnapshotHolder } from "../../tables/snapshot.ts";
import type { NetworkFunction } from "../network-function.ts";

const BAD_CHECKSUM = DROP["icmp-bad-checksum"].code;
const INCOMPLETE = DROP["icmp-error-incomplete"].code;
const MISMATCH = DROP["icmp-error-mismatch"].code;
const UNRELATED = DROP["icmp-error-unrelated"].code;
const NO_FLOW_DROP = DROP["no-flow"].code;
const FLOW_EXPIRED = DROP["flow-expired"].code;

const ICMP_HEADER = 8;
const NOT_FOUND = -1;

export function icmpError(
  pool: PacketPool,
  snapshot: SnapshotHolder,
  tables: readonly [FlowTable, FlowTable],
): NetworkFunction {
  const { bytes, view, l3, l4, end, flags, vpc } = pool;
  const { toVpc, direction, sourceRule, destinationRule, flow, verdict } = pool;
  const quoted = new QuotedPacket();
  let tick = 0;

  /** A drop code or 0. */
  function decide(row: number): number {
    const at = l3[row]!;
    const message = l4[row]!;
    const v6 = (flags[row]! & V6) !== 0;
    if ((flags[row]! & MORE_FRAGMENTS) !== 0) return INCOMPLETE;
    const sum = v6 ? icmpv6Sum(view, at, message, end[row]!) : byteSum(view, message, end[row]!);
    if (sum !== 0xffff) return BAD_CHECKSUM;
    const problem = quoted.read(bytes, view, message + ICMP_HEADER, end[row]!, v6);
    if (problem !== 0) return problem;
    const size = v6 ? 16 : 4;
    const quotedSource = quoted.l3 + (v6 ? 8 : 12);
    if (!sameBytes(quotedSource, at + (v6 ? 24 : 16), size)) return MISMATCH;
    const v = v6 ? 1 : 0;
    const found = findFlow(row, quotedSource, quotedSource + size, v);
    if (found === 0) return 0;
    // What goes without a flow as well goes on when one is over.
    const refused = classify(row, quotedSource, quotedSource + size, v);
    return refused !== 0 && found === FLOW_EXPIRED ? FLOW_EXPIRED : refused;
  }

  /** The flow that an answer to the quoted packet would belong to: 0, a drop code or NOT_FOUND. */
  function findFlow(row: number, quotedSource: number, quotedTarget: number, v6: number): number {
    const { tracked, vpcVnis, directionVpcs } = snapshot.current;
    const table = tables[v6]!;
    if (table.count === 0 || tracked[vpc[row]! * 2 + v6]! === 0) return NOT_FOUND;
    const { protocol, sourcePort } = quoted;
    const id = sourcePort < 0 ? quoted.queryId(bytes, view, end[row]!) : -1;
    if (sourcePort < 0 && id < 0) return NOT_FOUND;
    const from = sourcePort < 0 ? id : quoted.destinationPort;
    const to = sourcePort < 0 ? id : sourcePort;
    const network = (vpcVnis[vpc[row]!]! << 8) | protocol;
    const entry = table.find(network, view, quotedTarget, quotedSource, from, to);
    if (entry < 0) return NOT_FOUND;
    const way = table.slab.words[entry * table.layout.words + table.layout.direction]!;
    direction[row] = way;
    toVpc[row] = directionVpcs[way]!;
    if (!table.alive(entry, tick)) return FLOW_EXPIRED;
    flow[row] = entry;
    return 0;
  }

  function classify(row: number, quotedSource: number, quotedTarget: number, v6: number): number {
    const { cells, rules, destinationRoots } = snapshot.current;
    const root = destinationRoots[vpc[row]! * 2 + v6]!;
    const there = lookup(cells, root, bytes, quotedSource);
    const back = chooseRule(rules, there, quoted.protocol, quoted.sourcePort);
    if (back <= 0) return back === NO_FLOW ? NO_FLOW_DROP : UNRELATED;
    const word = back * RULE_WORDS;
    toVpc[row] = rules[word + TO_VPC]!;
    direction[row] = rules[word + DIRECTION]!;
    const here = lookup(cells, rules[word + SOURCE_ROOT]!, bytes, quotedTarget);
    const from = chooseRule(rules, here, quoted.protocol, quoted.destinationPort);
    if (from <= 0) return UNRELATED;
    destinationRule[row] = back;
    sourceRule[row] = from;
    return needsFlow(rules, word) || needsFlow(rules, from * RULE_WORDS) ? NO_FLOW_DROP : 0;
  }

  function sameBytes(a: number, b: number, size: number): boolean {
    for (let i = 0; i < size; i++) {
      if (bytes[a + i] !== bytes[b + i]) return false;
    }
    return true;
  }

  return {
    name: "icmp-error",
    reads: ["l3", "l4", "end", "flags", "vpc"],
    writes: ["toVpc", "direction", "sourceRule", "destinationRule", "flow"],
    process(batch, now) {
      if ((batch.flags & ICMP_ERROR) === 0) return 0;
      tick = tickOf(now);
      const { rows, count } = batch;
      let decided = 0;
      for (let i = 0; i < count; i++) {
        const row = rows[i]!;
        if ((flags[row]! & ICMP_ERROR) === 0) continue;
        const problem = decide(row);
        if (problem !== 0) {
          verdict[row] = problem;
          decided++;
        }
      }
      return decided;
    },
  };
}
