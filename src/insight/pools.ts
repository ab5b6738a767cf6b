// Pools of public endpoints in full: what of them is in use or rests, address by address, and who
// has most. It walks over all flows and all ports in use.

import type { Gateway } from "../gateway/gateway.ts";
import { FlowDraft, SOURCE } from "../tables/flow-draft.ts";
import type { FlowTable } from "../tables/flow-table.ts";
import { MappingView } from "../tables/mapping-entries.ts";
import { formatIpAddress, readIpAddress } from "../wire/ip-address.ts";
import { type Group, type Holder, type HolderRanks, Holders } from "./pools/holders.ts";
import { type FoundPool, findPools, type PoolLevel, type PoolSet } from "./pools/levels.ts";
import type { Work } from "./work.ts";

/** Ports of this pool's own hosts; those of others are in `taken` alone. */
export interface PoolReport extends PoolLevel {
  /** By flows that are alive. */
  readonly used: number;
  /** Held for a while after their last flow, before others get them. */
  readonly resting: number;
  /** The public addresses of which most is taken, fullest first. */
  readonly fullest: readonly PoolAddressReport[];
  /** Private addresses that hold most ports, resting ones included. A port that several flows
   * share counts for each of them. */
  readonly holders: readonly Holder[];
}

export interface PoolAddressReport {
  /** Number of its port set. */
  readonly set: number;
  readonly address: string;
  readonly size: number;
  readonly used: number;
  readonly resting: number;
  readonly free: number;
  /** Of the flows that began their search here: those that no address had a port for, and those
   * that got one of another. */
  readonly refused: number;
  readonly elsewhere: number;
  /** As those of the pool. */
  readonly holders: readonly Holder[];
}

/** Public addresses told of each pool. */
export const ADDRESSES_MAX = 100;
/** Hosts told of a pool, and of a public address. */
const HOLDERS = 10;
const ADDRESS_HOLDERS = 3;
const SLOTS_AT_ONCE = 256;
const ADDRESSES_AT_ONCE = 16;
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
  /** Number of the group of its hosts: that of the pool, unless it is to be told apart. */
  group: number;
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
  const all = yield* findPools(gateway, ADDRESSES_MAX);
  yield;
  const end = Math.min(all.length, first + most);
  const counting = new Counting(gateway, all);
  yield;
  for (let index = 0; index < all.length; index++) {
    yield* counting.prepare(index, index >= first && index < end);
  }
  yield* counting.flows();
  yield* counting.mappings();
  const ranks = yield* counting.ranks();
  const reports: PoolReport[] = [];
  for (let index = first; index < end; index++) {
    const slots = counting.slotsOf(index);
    const used = slots.reduce((sum, slot) => sum + slot.used, 0);
    const resting = slots.reduce((sum, slot) => sum + slot.resting, 0);
    yield;
    const fullest = yield* addressReports(counting.fullestOf(index), ranks);
    reports.push({ ...all[index]!.level, used, resting, fullest, holders: ranks.of(index) });
    yield;
  }
  return reports;
}

class Counting {
  readonly #gateway: Gateway;
  readonly #all: readonly FoundPool[];
  readonly #bySet = new Map<number, Slot[]>();
  readonly #byPool: Slot[][] = [];
  /** Made so far, of all pools. */
  #slots = 0;
  /** Of the pools, by their number; then of addresses. */
  readonly #groups: Group[];
  /** By mapping. */
  readonly #marks: Uint8Array;
  readonly #holders: Holders;
  /** To read a flow's mapping and its opener's address. */
  readonly #view = new MappingView();
  readonly #address = new Int32Array(4);

  constructor(gateway: Gateway, all: readonly FoundPool[]) {
    this.#gateway = gateway;
    this.#all = all;
    const { nat, hashKey } = gateway.parts.flows;
    this.#marks = new Uint8Array(nat.mappings.limit);
    this.#holders = new Holders(nat.mappings.count + LATECOMERS, hashKey);
    this.#groups = all.map(({ pool }) => {
      return { most: HOLDERS, whole: -1, isV6: pool.publics[0]?.prefix.family === 6 };
    });
  }

  /** Pools one after the other. `apart`: who has most is asked of its addresses, too. */
  *prepare(index: number, apart: boolean): Work<void> {
    const found = this.#all[index]!;
    const slots: Slot[] = [];
    this.#byPool.push(slots);
    const groups = new Map<number, number>();
    // Whoever has most of the only address has most of the pool.
    if (apart && found.sets.length > 1) {
      const { isV6 } = this.#groups[index]!;
      for (const { set } of found.fullest) {
        const group = { most: ADDRESS_HOLDERS, whole: index, isV6 };
        groups.set(set, this.#groups.push(group) - 1);
      }
    }
    for (const each of found.sets) {
      if (this.#slots++ % SLOTS_AT_ONCE === SLOTS_AT_ONCE - 1) yield;
      const { set, address, taken } = each;
      const group = groups.get(set) ?? index;
      const slot: Slot = { set, address, taken, found, group, used: 0, resting: 0 };
      slots.push(slot);
      const known = this.#bySet.get(set);
      if (known === undefined) this.#bySet.set(set, [slot]);
      else known.push(slot);
    }
  }

  slotsOf(pool: number): readonly Slot[] {
    return this.#byPool[pool]!;
  }

  /** The fullest of them. */
  fullestOf(pool: number): Slot[] {
    const found = this.#all[pool]!;
    return found.fullest.flatMap(
      ({ set }) => this.#bySet.get(set)?.find((slot) => slot.found === found) ?? [],
    );
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
    if (slot !== undefined) this.#holders.add(slot.group, this.#address, words);
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
      if (!view.shared) this.#holders.add(slot.group, view.address, words);
    }
  }

  ranks(): Work<HolderRanks> {
    return this.#holders.rank(this.#groups);
  }

  #slotOf(set: number, vni: number): Slot | undefined {
    return this.#bySet.get(set)?.find(({ found }) => found.pool.vni === vni);
  }
}

function* addressReports(
  slots: readonly Slot[],
  ranks: HolderRanks,
): Work<readonly PoolAddressReport[]> {
  const reports: PoolAddressReport[] = [];
  for (const { set, address, taken, used, resting, group } of slots) {
    if (reports.length % ADDRESSES_AT_ONCE === ADDRESSES_AT_ONCE - 1) yield;
    const { bytes, size, refused, elsewhere } = address;
    reports.push({
      set,
      address: formatIpAddress(readIpAddress(bytes, 0, bytes.length === 4 ? 4 : 6)),
      size,
      used,
      resting,
      free: Math.max(0, size - Math.max(used + resting, taken)),
      refused,
      elsewhere,
      holders: ranks.of(group).slice(0, ADDRESS_HOLDERS),
    });
  }
  return reports;
}
