// All state that outlives a configuration: the flows of both families, and what they hold.

import { type Memory, plainMemory } from "../base/arena.ts";
import type { Random } from "../base/random.ts";
import { natModes } from "../nat/modes.ts";
import type { NatState } from "../nat/nat-mode.ts";
import { DROP } from "../packet/verdict.ts";
import { FlowTable } from "../tables/flow-table.ts";
import { RFC_TIMERS } from "../tables/flow-timers.ts";
import { HalfBinder } from "../tables/half-binder.ts";
import { MappingTable } from "../tables/mapping-table.ts";
import type { SnapshotHolder } from "../tables/snapshot.ts";

export interface FlowOptions {
  /** Most flows at a time, per address family. Default 65,536. */
  readonly flowCapacity?: number;
  /** How public ports are chosen. Default "random". */
  readonly ports?: "random" | "sequential";
  /** "reference": the short times of the gateway we are compared with. Default: the RFCs'. */
  readonly timers?: "rfc" | "reference";
}

export interface Flows {
  readonly tables: readonly [FlowTable, FlowTable];
  readonly nat: NatState;
  readonly halves: HalfBinder;
  readonly release: (mapping: number) => void;
  /** The number of the timers that flows of a mode have. */
  readonly timersOf: (mode: string) => number;
}

export function makeFlows(
  options: FlowOptions,
  random: Random,
  memory: Memory = plainMemory,
  snapshot: SnapshotHolder,
): Flows {
  const capacity = options.flowCapacity ?? 65_536;
  const hashKey = { k0: random.next() | 0, k1: random.next() | 0 };
  const mappings = new MappingTable({ capacity, memory, hashKey });
  const release = (mapping: number) => mappings.release(mapping);
  const reference = options.timers === "reference";
  const timers = [RFC_TIMERS, ...natModes.map((mode) => mode.referenceTimers ?? RFC_TIMERS)];
  const table = (v6: boolean) => new FlowTable({ v6, capacity, memory, hashKey, timers, release });
  return {
    tables: [table(false), table(true)],
    nat: { mappings, random, sequential: options.ports === "sequential" },
    halves: new HalfBinder(snapshot, DROP["no-mapping"].code),
    release,
    timersOf: (mode) => (reference ? 1 + natModes.findIndex(({ name }) => name === mode) : 0),
  };
}
