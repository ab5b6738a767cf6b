// Data path.
// Which flow is it? The keys of a whole batch are hashed first, then the index is touched for all,
// then the entries: so the cache misses of different packets overlap. Also the place where time
// passes for the table: a few flows a batch are looked at whether they are over.

import { queryId } from "../../packet/icmp-query.ts";
import { BATCH_MAX } from "../../packet/limits.ts";
import {
  ICMP_ERROR,
  LATER_FRAGMENT,
  type PacketPool,
  PORTS,
  V6,
} from "../../packet/packet-pool.ts";
import { DROP } from "../../packet/verdict.ts";
import type { FlowTable } from "../../tables/flow-table.ts";
import { TICK_MILLIS } from "../../tables/flow-timers.ts";
import { hashWords } from "../../tables/key-hash.ts";
import type { SnapshotHolder } from "../../tables/snapshot.ts";
import type { NetworkFunction } from "../network-function.ts";

const FLOW_EXPIRED = DROP["flow-expired"].code;
/** Flows looked at a batch: at 30,000 batches a second, a million flows in two seconds. */
const SWEEP = 16;

export function flowLookup(
  pool: PacketPool,
  snapshot: SnapshotHolder,
  tables: readonly [FlowTable, FlowTable],
): NetworkFunction {
  const { flags, vpc, verdict } = pool;
  const finders = [finder(pool, snapshot, tables[0]), finder(pool, snapshot, tables[1])] as const;
  return {
    name: "flow-lookup",
    reads: ["vpc", "l3", "l4", "flags", "protocol", "sourcePort", "destinationPort"],
    writes: ["flow", "toVpc", "direction"],
    process(batch, now) {
      const tick = Math.floor(now / TICK_MILLIS) | 0;
      tables[0].sweep(SWEEP, tick);
      tables[1].sweep(SWEEP, tick);
      if (tables[0].count + tables[1].count === 0) return 0;
      const { rows, count } = batch;
      const { tracked } = snapshot.current;
      for (let i = 0; i < count; i++) {
        const row = rows[i]!;
        const rowFlags = flags[row]!;
        if ((rowFlags & (ICMP_ERROR | LATER_FRAGMENT)) !== 0) continue;
        const v6 = rowFlags & V6;
        if (tracked[vpc[row]! * 2 + v6] !== 0) finders[v6 === 0 ? 0 : 1].add(row);
      }
      return finders[0].find(verdict, tick) + finders[1].find(verdict, tick);
    },
  };
}

interface Finder {
  add(row: number): void;
  find(verdict: Uint8Array, tick: number): number;
}

/** Collects the packets of one family, then finds the flows of all. */
function finder(pool: PacketPool, snapshot: SnapshotHolder, table: FlowTable): Finder {
  const { bytes, view, l3, l4, flags, vpc, protocol, sourcePort, destinationPort } = pool;
  const { flow, toVpc, direction } = pool;
  const { slab, layout } = table;
  const { words, index, mask, keyWords, entryWords } = slab;
  const { k0, k1 } = slab.hashKey;
  const { addressWords } = layout;
  const keys = new Int32Array(BATCH_MAX * keyWords);
  const rows = new Int32Array(BATCH_MAX);
  const slots = new Int32Array(BATCH_MAX);
  const tags = new Int32Array(BATCH_MAX);
  const entries = new Int32Array(BATCH_MAX);
  let count = 0;
  /** Keeps the compiler from dropping loads whose only purpose is to fetch. */
  const sink = { value: 0 };

  function add(row: number): void {
    const rowProtocol = protocol[row]!;
    let ports = 0;
    if ((flags[row]! & PORTS) !== 0) {
      ports = (sourcePort[row]! << 16) | destinationPort[row]!;
    } else {
      const id = queryId(bytes, view, l4[row]!, rowProtocol);
      if (id < 0) return;
      ports = (id << 16) | id;
    }
    const key = count * keyWords;
    keys[key] = (snapshot.current.vpcVnis[vpc[row]!]! << 8) | rowProtocol;
    const at = l3[row]! + (addressWords === 1 ? 12 : 8);
    for (let i = 0; i < 2 * addressWords; i++) keys[key + 1 + i] = view.getInt32(at + 4 * i);
    keys[key + keyWords - 1] = ports;
    rows[count] = row;
    count++;
  }

  /** The next entry from `slot` on whose tag fits, or -1; leaves the slot behind it in `slots`. */
  function probe(i: number): number {
    const tag = tags[i]!;
    let slot = slots[i]!;
    for (;;) {
      const entry = index[2 * slot + 1]! - 1;
      if (entry < 0) return -1;
      const fits = index[2 * slot]! === tag;
      slot = (slot + 1) & mask;
      if (fits) {
        slots[i] = slot;
        return entry;
      }
    }
  }

  function hasKey(entry: number, key: number): boolean {
    const at = entry * entryWords;
    for (let i = 0; i < keyWords; i++) if (words[at + i]! !== keys[key + i]!) return false;
    return true;
  }

  function find(verdict: Uint8Array, tick: number): number {
    let touched = 0;
    for (let i = 0; i < count; i++) {
      const tag = hashWords(keys, i * keyWords, keyWords, k0, k1);
      tags[i] = tag;
      const slot = tag & mask;
      slots[i] = slot;
      touched ^= index[2 * slot]!;
    }
    for (let i = 0; i < count; i++) {
      const entry = probe(i);
      entries[i] = entry;
      if (entry >= 0) touched ^= words[entry * entryWords]!;
    }
    sink.value ^= touched;
    let decided = 0;
    const { directionVpcs } = snapshot.current;
    for (let i = 0; i < count; i++) {
      let entry = entries[i]!;
      while (entry >= 0 && !hasKey(entry, i * keyWords)) entry = probe(i);
      if (entry < 0) continue;
      const row = rows[i]!;
      const way = words[entry * entryWords + layout.direction]!;
      if (!table.alive(entry, tick)) {
        // Whoever opened it may open it again; an answer comes too late.
        if ((entry & 1) === 0) continue;
        direction[row] = way;
        toVpc[row] = directionVpcs[way]!;
        verdict[row] = FLOW_EXPIRED;
        decided++;
        continue;
      }
      flow[row] = entry;
      direction[row] = way;
      toVpc[row] = directionVpcs[way]!;
    }
    count = 0;
    return decided;
  }

  return { add, find };
}
