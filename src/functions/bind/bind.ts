// Data path.
// The slow path: the first packet of a flow. Both exposes are known and the ACL has agreed; each
// side decides its half of the translation, the destination first (a source half that shares public
// endpoints must know it), and the flow is kept. The rest of the flow never comes here.

import { isRequest, queryId } from "../../packet/icmp-query.ts";
import {
  ANSWERS_EXPIRED,
  FIXED_ADDRESSES,
  FLOW_WANTED,
  LATER_FRAGMENT,
  NO_FLOW_YET,
  type PacketPool,
  PORTS,
  V6,
} from "../../packet/packet-pool.ts";
import { DROP } from "../../packet/verdict.ts";
import type { DirectionCounters } from "../../tables/direction-counters.ts";
import { DESTINATION, FlowDraft, SOURCE } from "../../tables/flow-draft.ts";
import type { Release } from "../../tables/flow-holds.ts";
import { TCP_SYN } from "../../tables/flow-state.ts";
import type { FlowTable } from "../../tables/flow-table.ts";
import { FULL } from "../../tables/flow-table.ts";
import { tickFrom, tickOf } from "../../tables/flow-timers.ts";
import type { FragmentTable } from "../../tables/fragment-table.ts";
import type { HalfBinder } from "../../tables/half-binder.ts";
import { needsFlow, RULE_WORDS } from "../../tables/rule-table.ts";
import type { SnapshotHolder } from "../../tables/snapshot.ts";
import type { VpcLimits } from "../../tables/vpc-flows.ts";
import type { NetworkFunction } from "../network-function.ts";

const NO_FLOW = DROP["no-flow"].code;
const FLOW_EXPIRED = DROP["flow-expired"].code;
const TCP_WITHOUT_FLOW = DROP["tcp-without-flow"].code;
const FLOW_TABLE_FULL = DROP["flow-table-full"].code;
const VPC_FLOW_LIMIT = DROP["vpc-flow-limit"].code;
const TUPLE_IN_USE = DROP["tuple-in-use"].code;
const PROTOCOL_WITHOUT_FLOW = DROP["protocol-without-flow"].code;
const FRAGMENT_WITHOUT_FLOW = DROP["fragment-without-flow"].code;
const UNTRANSLATABLE = DROP["untranslatable"].code;
const TCP = 6;
/** Flows looked at, whether they are over, for each that its VPC may not have. */
const LOOK = 4;

export interface BindDependencies {
  readonly pool: PacketPool;
  readonly snapshot: SnapshotHolder;
  readonly counters: DirectionCounters;
  readonly tables: readonly [FlowTable, FlowTable];
  readonly fragments: FragmentTable;
  readonly halves: HalfBinder;
  readonly release: Release;
  readonly limits: VpcLimits;
}

export function bind(dependencies: BindDependencies): NetworkFunction {
  const { pool, snapshot, counters, tables, fragments, halves } = dependencies;
  const { release, limits } = dependencies;
  const { bytes, view, l3, l4, flags, vpc, protocol, sourcePort, destinationPort } = pool;
  const { datagram, toVpc, direction, sourceRule, destinationRule, flow, verdict } = pool;
  const draft = new FlowDraft();

  /** Fills in the ports of the draft, or an identifier; a drop code or 0. */
  function readPorts(row: number): number {
    const rowFlags = flags[row]!;
    if ((rowFlags & FIXED_ADDRESSES) !== 0) return UNTRANSLATABLE;
    if (sourcePort[row]! >= 0) {
      draft.sourcePort = sourcePort[row]!;
      draft.destinationPort = destinationPort[row]!;
      return 0;
    }
    draft.sourcePort =
      (rowFlags & LATER_FRAGMENT) !== 0
        ? lentId(row)
        : queryId(bytes, view, l4[row]!, protocol[row]!, draft.v6);
    draft.destinationPort = draft.sourcePort;
    return draft.sourcePort < 0 ? PROTOCOL_WITHOUT_FLOW : 0;
  }

  /** What the first fragment was said to ask under. */
  function lentId(row: number): number {
    return datagram[row]! < 0 ? -1 : fragments.queryId[datagram[row]!]!;
  }

  /** Whether the packet may be the first of a flow: a drop code or 0. Of TCP only a SYN, alone (RFC
   * 9293, 3.5), whatever its ECN bits (RFC 3168, 6.1.1). */
  function mayOpen(row: number): number {
    if ((flags[row]! & LATER_FRAGMENT) !== 0) return FRAGMENT_WITHOUT_FLOW;
    const at = l4[row]!;
    if ((flags[row]! & PORTS) === 0) return isRequest(bytes[at]!) ? 0 : NO_FLOW;
    if (protocol[row]! !== TCP) return 0;
    return (bytes[at + 13]! & 0x1f) === TCP_SYN ? 0 : TCP_WITHOUT_FLOW;
  }

  /** A drop code or 0. Where translation does without a flow, whatever cannot have one goes on
   * without: the ACL has agreed to the packet itself. */
  function openIfNeeded(row: number, tick: number): number {
    const { rules } = snapshot.current;
    const needed =
      needsFlow(rules, sourceRule[row]! * RULE_WORDS) ||
      needsFlow(rules, destinationRule[row]! * RULE_WORDS);
    const problem = open(row, tick, needed);
    if (problem === 0 || needed) return problem;
    flow[row] = NO_FLOW_YET;
    return 0;
  }

  /** A packet that may not open a flow and answers one that is over comes too late. */
  function reasonOf(row: number, problem: number): number {
    const stranger = problem === NO_FLOW || problem === TCP_WITHOUT_FLOW;
    return stranger && (flags[row]! & ANSWERS_EXPIRED) !== 0 ? FLOW_EXPIRED : problem;
  }

  /** Keeps a flow for the packet; a drop code or 0. */
  function open(row: number, tick: number, needed: boolean): number {
    const v6 = (flags[row]! & V6) !== 0;
    draft.v6 = v6;
    const unknown = readPorts(row);
    if (unknown !== 0) return unknown;
    const table = tables[v6 ? 1 : 0];
    const { vpcVnis } = snapshot.current;
    const at = l3[row]! + (v6 ? 8 : 12);
    const size = v6 ? 16 : 4;
    draft.from = vpcVnis[vpc[row]!]!;
    draft.protocol = protocol[row]!;
    draft.tick = tick;
    const stranger = mayOpen(row);
    // A connection that is older than its flow is known from its next segment on.
    const opens = stranger === 0 || (!needed && stranger === TCP_WITHOUT_FLOW);
    const problem = opens ? keep(row, at, size, table) : stranger;
    if (problem === 0) return 0;
    // An earlier packet of this batch may have been the first; then nothing of the above counts.
    const { sourcePort: from, destinationPort: to } = draft;
    const network = (draft.from << 8) | draft.protocol;
    const known = table.find(network, view, at, at + size, from, to);
    if (known < 0 || !table.alive(known, tick)) return problem;
    const query = (flags[row]! & (PORTS | LATER_FRAGMENT)) === 0;
    if (query && isRequest(bytes[l4[row]!]!) !== ((known & 1) === 0)) return problem;
    flow[row] = known;
    return 0;
  }

  /** The halves and the flow; a drop code or 0. */
  function keep(row: number, at: number, size: number, table: FlowTable): number {
    if (limits.isFull(draft.from)) {
      table.sweep(LOOK, draft.tick);
      if (limits.isFull(draft.from)) return VPC_FLOW_LIMIT;
    }
    // Before a side takes anything: what it takes is returned by flows that make room.
    if (!table.reserve(draft.tick)) return FLOW_TABLE_FULL;
    draft.to = snapshot.current.vpcVnis[toVpc[row]!]!;
    draft.direction = direction[row]!;
    draft.replyDirection = draft.direction ^ 1;
    draft.sourceRule = sourceRule[row]!;
    draft.destinationRule = destinationRule[row]!;
    for (let i = 0; i < size; i++) {
      draft.bytes[SOURCE + i] = bytes[at + i]!;
      draft.bytes[DESTINATION + i] = bytes[at + size + i]!;
    }
    const refused = halves.bind(draft);
    const made = refused === 0 ? table.insert(draft) : FULL;
    if (made >= 0) {
      flow[row] = 2 * made;
      const { flows } = counters.current;
      flows[draft.direction] = flows[draft.direction]! + 1;
      return 0;
    }
    release(draft.mapping, draft.receiver, draft.host);
    if (refused !== 0) return refused;
    return made === FULL ? FLOW_TABLE_FULL : TUPLE_IN_USE;
  }

  /** For all that may open a flow, together. */
  function makeRoom(rows: Int32Array, count: number, tick: number): void {
    let wanted4 = 0;
    let wanted6 = 0;
    for (let i = 0; i < count; i++) {
      const row = rows[i]!;
      if (flow[row]! !== FLOW_WANTED || verdict[row]! !== 0) continue;
      if ((flags[row]! & LATER_FRAGMENT) !== 0 || mayOpen(row) !== 0) continue;
      if ((flags[row]! & V6) === 0) wanted4++;
      else wanted6++;
    }
    if (wanted4 > 0) tables[0].reserveMany(wanted4, tick);
    if (wanted6 > 0) tables[1].reserveMany(wanted6, tick);
  }

  return {
    name: "bind",
    reads: [
      "vpc",
      "toVpc",
      "direction",
      "l3",
      "l4",
      "flags",
      "protocol",
      "sourcePort",
      "destinationPort",
      "datagram",
      "sourceRule",
      "destinationRule",
      "flow",
    ],
    writes: ["flow"],
    process(batch, now) {
      const { unmatched, unmatchedCount } = batch;
      if (snapshot.current.flowless) return 0;
      const tick = tickOf(now);
      makeRoom(unmatched, unmatchedCount, tick);
      let decided = 0;
      draft.since = tickFrom(now);
      for (let i = 0; i < unmatchedCount; i++) {
        const row = unmatched[i]!;
        if (flow[row]! !== FLOW_WANTED || verdict[row]! !== 0) continue;
        const problem = openIfNeeded(row, tick);
        if (problem !== 0) {
          verdict[row] = reasonOf(row, problem);
          decided++;
        }
      }
      return decided;
    },
  };
}
