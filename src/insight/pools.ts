// Pools of public endpoints in full: what of them is in use or rests, address by address, and who
// has most. It walks over all flows and all ports in use.

import type { Gateway } from "../gateway/gateway.ts";
import { FlowDraft, SOURCE } from "../tables/flow-draft.ts";
import type { FlowTable } from "../tables/flow-table.ts";
import { MappingView } from "../tables/mapping-entries.ts";
import { formatIpAddress, readIpAddress } from "../wire/ip-address.ts";
import { type Holder, Holders } from "./pools/holders.ts";
import { type FoundPool, findPools, type PoolLevel, type PoolSet } from "./pools/levels.ts";
import type { Work } from "./work.ts";

/** Ports of this pool's own hosts; those of others are in `taken` alone. */
export interface PoolReport extends PoolLevel {
  /** By flows that are alive. */
  readonly used: number;
  /** Held for a while after their last flow, before others get them. */
  readonly resting: number;
  /** The fullest public addresses, fullest first. */
  readonly fullest: readonly PoolAddressReport[];
  /** Private addresses that hold most ports, resting ones included. A port that several flows
   * share counts for each of them. */
  readonly holders: readonly Holder[];
}

export interface PoolAddressReport {
  readonly address: string;
  readonly size: number;
  readonly used: number;
  readonly resting: number;
  readonly free: number;
}

/** Public addresses told of each pool. */
const ADDRESSES_MAX = 100;
const FLOWS_AT_ONCE = 256;
const MAPPINGS_AT_ONCE = 128;
/** Hosts that may come while we count. */
const LATECOMERS = 65_536;

/** What is known of the flows of a mapping. */
const ENDED = 1;
const ALIVE = 2;

/** One public address of one pool, while it is counted. */
interface Slot extends PoolSet {
  readonly found: FoundPool;
  /** Which of the pools. */
  readonly index: number;
  used: number;
  resting: number;
}

/** In the order of the configuration, `most` of them from the number `first` on, which counts from
 * 0. Counts are of one moment when no packets come meanwhile. */
export function* pools(
  gateway: Gateway,
  first = 0,
  most = Number.POSITIVE_INFINITY,
): Work<PoolReport[]> {
  const all = yield* findPools(gateway);
  yield;
  const counting = new Counting(gateway, all);
  yield;
  yield* counting.flows();
  yield* counting.mappings();
  const holders = yield* counting.holders();
  const reports: PoolReport[] = [];
  for (let index = first; index < Math.min(all.length, first + most); index++) {
    reports.push(reportOf(all[index]!, counting.slotsOf(index), holders.get(index)));
    yield;
  }
  return reports;
}

class Counting {
  readonly #gateway: Gateway;
  readonly #bySet = new Map<number, Slot[]>();
  readonly #byPool: readonly Slot[][];
  readonly #families: readonly boolean[];
  /** By mapping. */
  readonly #marks: Uint8Array;
  readonly #holders: Holders;
  /** To read a flow's mapping and its opener's address. */
  readonly #view = new MappingView();
  readonly #address = new Int32Array(4);

  constructor(gateway: Gateway, all: readonly FoundPool[]) {
    this.#gateway = gateway;
    const { nat, hashKey } = gateway.parts.flows;
    this.#marks = new Uint8Array(nat.mappings.limit);
    this.#holders = new Holders(nat.mappings.count + LATECOMERS, hashKey);
    this.#families = all.map(({ pool }) => pool.publics[0]?.prefix.family === 6);
    this.#byPool = all.map((found, index) =>
      found.sets.map((each) => ({ ...each, found, index, used: 0, resting: 0 })),
    );
    for (const slot of this.#byPool.flat()) {
      const known = this.#bySet.get(slot.set);
      if (known === undefined) this.#bySet.set(slot.set, [slot]);
      else known.push(slot);
    }
  }

  slotsOf(pool: number): readonly Slot[] {
    return this.#byPool[pool]!;
  }

  /** Whether mappings are in use or rest; and who shares one. */
  *flows(): Work<void> {
    const { tables } = this.#gateway.parts.flows;
    const draft = new FlowDraft();
    for (const table of tables) {
      for (let flow = 0; flow < table.used; flow++) {
        if (flow % FLOWS_AT_ONCE === FLOWS_AT_ONCE - 1) yield;
        if (table.state(flow) !== 0) this.#flow(table, flow, draft);
      }
    }
  }

  #flow(table: FlowTable, flow: number, draft: FlowDraft): void {
    const { flows, tick } = this.#gateway.parts;
    table.recall(flow, draft);
    const { mapping } = draft;
    if (mapping < 0 || mapping >= this.#marks.length) return;
    this.#marks[mapping]! |= table.alive(2 * flow, tick) ? ALIVE : ENDED;
    const view = this.#view;
    if (!flows.nat.mappings.read(mapping, view) || !view.shared) return;
    const slot = this.#slotOf(view.set, draft.from);
    const words = draft.size / 4;
    for (let i = 0; i < words; i++) this.#address[i] = draft.view.getInt32(SOURCE + 4 * i);
    if (slot !== undefined) this.#holders.add(slot.index, this.#address, words);
  }

  /** Counts every port that is held. */
  *mappings(): Work<void> {
    const { mappings } = this.#gateway.parts.flows.nat;
    const view = this.#view;
    for (let mapping = 0; mapping < mappings.limit; mapping++) {
      if (mapping % MAPPINGS_AT_ONCE === MAPPINGS_AT_ONCE - 1) yield;
      if (!mappings.read(mapping, view)) continue;
      const slot = this.#slotOf(view.set, view.vni);
      if (!slot?.address.gives(view.port)) continue;
      if (this.#marks[mapping] === ENDED) slot.resting++;
      else slot.used++;
      const words = (mapping & 1) === 0 ? 1 : 4;
      if (!view.shared) this.#holders.add(slot.index, view.address, words);
    }
  }

  holders(): Work<ReadonlyMap<number, readonly Holder[]>> {
    return this.#holders.top((pool) => this.#families[pool]!);
  }

  #slotOf(set: number, vni: number): Slot | undefined {
    return this.#bySet.get(set)?.find(({ found }) => found.pool.vni === vni);
  }
}

function reportOf(
  { level }: FoundPool,
  slots: readonly Slot[],
  holders: readonly Holder[] = [],
): PoolReport {
  const fullest = slots.toSorted((a, b) => b.used + b.resting - a.used - a.resting);
  return {
    ...level,
    used: slots.reduce((sum, { used }) => sum + used, 0),
    resting: slots.reduce((sum, { resting }) => sum + resting, 0),
    fullest: fullest.slice(0, ADDRESSES_MAX).map(({ address, used, resting }) => {
      const { bytes, size } = address;
      return {
        address: formatIpAddress(readIpAddress(bytes, 0, bytes.length === 4 ? 4 : 6)),
        size,
        used,
        resting,
        free: Math.max(0, size - used - resting),
      };
    }),
    holders,
  };
}
