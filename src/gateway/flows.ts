// All state that outlives a configuration: the flows of both families, and what they hold.

import { type Memory, plainMemory } from "../base/arena.ts";
import type { Random } from "../base/random.ts";
import type { FlowTimes } from "../config/model.ts";
import { natModes } from "../nat/modes.ts";
import type { NatState } from "../nat/nat-mode.ts";
import { Refusals } from "../nat/refusals.ts";
import { DROP } from "../packet/verdict.ts";
import {
  DESTINATION,
  FlowDraft,
  NEW_DESTINATION,
  NEW_SOURCE,
  SOURCE,
} from "../tables/flow-draft.ts";
import { FlowEvents } from "../tables/flow-events.ts";
import type { FetchMappings, Release } from "../tables/flow-holds.ts";
import { FlowTable } from "../tables/flow-table.ts";
import { RFC_TIMERS } from "../tables/flow-timers.ts";
import { FragmentTable } from "../tables/fragment-table.ts";
import { HalfBinder } from "../tables/half-binder.ts";
import { HostTable } from "../tables/host-table.ts";
import type { HashKey } from "../tables/key-hash.ts";
import { MappingTable } from "../tables/mapping-table.ts";
import type { Snapshot, SnapshotHolder } from "../tables/snapshot.ts";
import { VpcLimits } from "../tables/vpc-flows.ts";
import { withTimes } from "./flow-times.ts";

export interface FlowOptions {
  /** Most flows at a time, per address family. Default 65,536. */
  readonly flowCapacity?: number;
  /** How public ports are chosen. Default "random". */
  readonly ports?: "random" | "sequential";
  /** "reference": the short times of the gateway we are compared with. Default: the RFCs'. */
  readonly timers?: "rfc" | "reference";
  /** Most datagrams in fragments, and most packets that wait for a first fragment; what a
   * configuration allows counts within this. Default 4096 and 1024. */
  readonly datagrams?: number;
  readonly waitingPackets?: number;
}

export interface Flows {
  readonly tables: readonly [FlowTable, FlowTable];
  readonly nat: NatState;
  /** Hosts whose flows are counted. */
  readonly hostCount: () => number;
  readonly halves: HalfBinder;
  /** Datagrams that come in fragments. */
  readonly fragments: FragmentTable;
  readonly hashKey: HashKey;
  /** Gives back what a draft holds whose flow was not made. */
  readonly release: Release;
  /** What is to be logged of them. */
  readonly events: FlowEvents;
  /** How many flows each VPC may hold. */
  readonly limits: VpcLimits;
  /** Counts the flows that are alive by the limits of a new configuration. */
  readonly recount: (snapshot: Snapshot, tick: number) => void;
  /** Gives flows the times of a configuration; the result tells the number of the timers that flows
   * of a mode have. */
  readonly setTimers: (times: FlowTimes) => (mode: string) => number;
}

/** The flow of before. */
const before = new FlowDraft();

/** Whether the flow that the answers to the draft's would find is over, and was of the same opener
 * to the same destination: it makes way for the draft's. */
function isResting(table: FlowTable, draft: FlowDraft): boolean {
  const { to, protocol, view, newDestinationPort, newSourcePort, tick } = draft;
  const network = (to << 8) | protocol;
  const [source, destination] = [NEW_DESTINATION, NEW_SOURCE];
  const entry = table.find(network, view, source, destination, newDestinationPort, newSourcePort);
  if (table.alive(entry, tick)) return false;
  table.recall(entry >> 1, before);
  const samePorts =
    before.sourcePort === draft.sourcePort && before.destinationPort === draft.destinationPort;
  if (before.from !== draft.from || !samePorts) return false;
  for (let i = SOURCE; i < SOURCE + draft.size; i++) {
    if (before.bytes[i] !== draft.bytes[i]) return false;
    if (before.bytes[DESTINATION + i] !== draft.bytes[DESTINATION + i]) return false;
  }
  return true;
}

export function makeFlows(
  options: FlowOptions,
  random: Random,
  memory: Memory = plainMemory,
  snapshot: SnapshotHolder,
): Flows {
  const capacity = options.flowCapacity ?? 65_536;
  const hashKey = { k0: random.next() | 0, k1: random.next() | 0 };
  const events = new FlowEvents((mapping) => mappings.isShared(mapping));
  const mappings = new MappingTable({ flows: capacity, memory, hashKey, events });
  let hostTable: HostTable | undefined;
  const hosts = () => {
    hostTable ??= new HostTable({ capacity: 2 * capacity, memory, hashKey });
    return hostTable;
  };
  const release: Release = (mapping, receiver, host) => {
    if (mapping >= 0) mappings.release(mapping);
    if (receiver >= 0) mappings.release(receiver);
    if (host >= 0) hosts().leave(host);
  };
  const timers = [RFC_TIMERS, ...natModes.map((mode) => mode.referenceTimers ?? RFC_TIMERS)];
  const fetchMappings: FetchMappings = (each, count) => mappings.fetch(each, count);
  const limits = new VpcLimits();
  const common = { capacity, memory, hashKey, timers, release, fetchMappings, limits, events };
  const table = (v6: boolean) => new FlowTable({ v6, ...common });
  const tables = [table(false), table(true)] as const;
  const inUse = (draft: FlowDraft) => {
    const found = tables[draft.v6 ? 1 : 0];
    return found.hasAnswer(draft) && !isResting(found, draft);
  };
  const settle = (draft: FlowDraft) => tables[draft.v6 ? 1 : 0].settle(draft);
  return {
    tables,
    nat: {
      mappings,
      hosts,
      inUse,
      settle,
      refusals: new Refusals(),
      random,
      sequential: options.ports === "sequential",
    },
    hostCount: () => hostTable?.count ?? 0,
    halves: new HalfBinder(snapshot, DROP["no-mapping"].code),
    fragments: new FragmentTable({
      datagrams: options.datagrams ?? 4096,
      waiting: options.waitingPackets ?? 1024,
      memory,
      hashKey,
      late: DROP["fragment-timeout"].code,
    }),
    hashKey,
    release,
    events,
    limits,
    recount: ({ vnis, vpcFlowLimits }, tick) => {
      limits.set(vnis, vpcFlowLimits);
      for (const each of limits.limited ? tables : []) {
        each.vpcs.clear();
        each.each(tick, (flow) => {
          each.recall(flow, before);
          each.vpcs.enter(flow, before.from);
        });
      }
    },
    setTimers: (times) => {
      const wished = timers.map((each) => withTimes(each, times));
      for (const each of tables) each.setTimers(wished);
      const reference = options.timers === "reference" || times.preset === "reference";
      return (mode) => (reference ? 1 + natModes.findIndex(({ name }) => name === mode) : 0);
    },
  };
}
