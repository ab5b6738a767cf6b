// The gateway's own traffic with its neighbors, behind each run: frames that are for itself go to
// the links, theirs come out, and packets leave that waited for a neighbor.

import type { Memory } from "../base/arena.ts";
import type { NetworkFunction } from "../functions/network-function.ts";
import { Links } from "../links/links.ts";
import { Batch } from "../packet/batch.ts";
import { locateIp } from "../packet/locate-ip.ts";
import type { PacketPool } from "../packet/packet-pool.ts";
import { CONSUMED, DROP, HELD, SENT } from "../packet/verdict.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { DirectionCounters } from "../tables/direction-counters.ts";
import { HeldPackets } from "../tables/held-packets.ts";
import type { HashKey } from "../tables/key-hash.ts";
import { NeighborTable } from "../tables/neighbor-table.ts";
import { ROUTED } from "../tables/snapshot.ts";

const NEIGHBORS = 16_384;
const HELD_MAX = 1024;
const UNRESOLVED = DROP["neighbor-unresolved"].code;

/** What of it the steps of the pipeline need. */
export interface NeighborTables {
  readonly neighbors: NeighborTable;
  readonly held: HeldPackets;
}

/** Next to nothing for a gateway without links. */
export function neighborTables(
  hashKey: HashKey,
  memory: Memory,
  hasLinks: boolean,
): NeighborTables {
  const capacity = hasLinks ? NEIGHBORS : 1;
  const neighbors = new NeighborTable({ capacity, memory, hashKey });
  return { neighbors, held: new HeldPackets(hasLinks ? HELD_MAX : 1, capacity, memory) };
}

export interface NeighborhoodDependencies extends NeighborTables {
  readonly pool: PacketPool;
  readonly pipeline: Pipeline;
  readonly counters: DirectionCounters;
  readonly encap: NetworkFunction;
  /** Sentences for the operator. */
  readonly notice: (sentence: string) => void;
}

export class Neighborhood {
  readonly links: Links;
  /** Rows with packets that have waited and leave now, and with frames of the gateway's own. */
  readonly leaving = new Batch();
  readonly #with: NeighborhoodDependencies;
  readonly #batch = new Batch();

  constructor(dependencies: NeighborhoodDependencies) {
    this.#with = dependencies;
    const { held, pipeline } = dependencies;
    held.onLost = (cell) => pipeline.settleLost(held, cell, UNRESOLVED);
    this.links = new Links(dependencies);
  }

  /** What is for the gateway itself among the packets of a run. VPC names are by index. */
  settle({ rows, count }: Batch, vpcs: readonly string[], now: number): void {
    const { verdict } = this.#with.pool;
    for (let i = 0; i < count; i++) {
      if (verdict[rows[i]!] === CONSUMED) this.#handOver(rows[i]!, vpcs, now);
    }
  }

  /** What the links have to say to hosts by way of all steps comes before what was received; as
   * much as there is room for. */
  inject(batch: Batch): void {
    const { pool } = this.#with;
    for (const { iface, frame } of this.links.takeInjected()) {
      const row = batch.full || frame.length > pool.frameMax ? -1 : pool.allocate();
      if (row < 0) return;
      pool.bytes.set(frame, pool.open(row, iface, frame.length));
      batch.push(row);
    }
  }

  /** Time passes. */
  tick(now: number): void {
    this.#with.pipeline.drops.now[0] = now;
    this.links.tick(now);
    for (const entry of this.links.takeReady()) {
      if (!this.#release(entry, now)) this.links.putOff(entry, now);
    }
    for (const { iface, frame } of this.links.takeFrames()) this.#send(iface, frame);
  }

  /** A new configuration has other numbers: what is held follows, or is given up. */
  renumber(before: readonly string[], after: readonly string[]): void {
    const { held } = this.#with;
    const numbers = new Map(after.map((name, index) => [name, index]));
    const renamed = (vpc: number) => numbers.get(before[vpc] ?? "") ?? -1;
    held.each((cell) => {
      const to = renamed(held.toVpc[cell]!);
      // What is given up is counted by the old numbers.
      if (to < 0) return false;
      held.vpc[cell] = renamed(held.vpc[cell]!);
      held.toVpc[cell] = to;
      held.direction[cell] = -1;
      return true;
    });
  }

  clear(): void {
    this.#with.pool.releaseMany(this.leaving.rows, this.leaving.count);
    this.leaving.count = 0;
  }

  #handOver(row: number, vpcs: readonly string[], now: number): void {
    const { bytes, view, start, length, outer, l3, l4, vpc, rxInterface } = this.#with.pool;
    const first = outer[row]! < 0 ? start[row]! : outer[row]!;
    const end = start[row]! + length[row]!;
    const within = (at: number) => (at < 0 ? -1 : at - first);
    const tunnelled = outer[row]! >= 0;
    this.links.handle(
      {
        iface: rxInterface[row]!,
        vpc: vpcs[vpc[row]!],
        frame: bytes.subarray(first, end),
        outer: tunnelled ? within(locateIp(view, first, end)) : -1,
        inner: tunnelled ? start[row]! - first : -1,
        l3: within(l3[row]!),
        l4: within(l4[row]!),
      },
      now,
    );
  }

  /** Packets held for the neighbor go; false when some must wait on, as no row is free. Those that
   * are held again, as their way is another now, come behind the others. */
  #release(entry: number, now: number): boolean {
    const { pool, held, encap } = this.#with;
    const batch = this.#batch;
    let left = held.count(entry);
    for (; left > 0 && !this.leaving.full && pool.free > 0; left--) {
      const cell = held.take(entry);
      held.holdsOwn = held.own[cell]!;
      batch.count = 0;
      batch.push(this.#bringBack(cell));
      held.room.free(cell);
      encap.process(batch, now);
      this.#leave(batch.rows[0]!, held.holdsOwn === 1);
    }
    held.holdsOwn = 0;
    return left === 0;
  }

  #leave(row: number, isOwn: boolean): void {
    const { pool, pipeline, counters } = this.#with;
    const { verdict, direction, l3, end } = pool;
    this.leaving.push(row);
    if (verdict[row] === HELD) return;
    if (verdict[row] === 0) verdict[row] = SENT;
    if (isOwn) return;
    const way = direction[row]!;
    pipeline.settleReleased(row);
    if (verdict[row] !== SENT || way < 0) return;
    const { packets, bytes } = counters.current;
    packets[way]!++;
    bytes[way]! += end[row]! - l3[row]!;
  }

  #bringBack(cell: number): number {
    const { pool, held } = this.#with;
    const { room } = held;
    const row = pool.allocate();
    const size = room.length[cell]!;
    const at = pool.open(row, room.rxInterface[cell]!, size);
    room.load(cell, pool.words, at >> 2);
    pool.l3[row] = at + held.lead[cell]!;
    pool.end[row] = at + size;
    pool.offload[row] = held.offload[cell]!;
    pool.outer[row] = -1;
    pool.vpc[row] = held.vpc[cell]!;
    pool.toVpc[row] = held.toVpc[cell]!;
    pool.direction[row] = held.direction[cell]!;
    pool.sourcePort[row] = held.sourcePort[cell]!;
    pool.destinationPort[row] = held.destinationPort[cell]!;
    pool.adjacency[row] = ROUTED;
    return row;
  }

  /** Lost when there is no free row: whoever waits for it asks again. */
  #send(iface: number, frame: Uint8Array): void {
    const { pool } = this.#with;
    if (this.leaving.full || frame.length > pool.frameMax) return;
    const row = pool.allocate();
    if (row < 0) return;
    pool.bytes.set(frame, pool.open(row, iface, frame.length));
    pool.txInterface[row] = iface;
    pool.verdict[row] = SENT;
    this.leaving.push(row);
  }
}
