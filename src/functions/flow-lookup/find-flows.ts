// Data path.
// The flows of the packets of a batch. The keys are hashed first, then the index is fetched for
// all, then the entries: so the cache misses of different packets overlap.

import { queryId } from "../../packet/icmp-query.ts";
import { BATCH_MAX } from "../../packet/limits.ts";
import { type PacketPool, PORTS } from "../../packet/packet-pool.ts";
import type { FlowTable } from "../../tables/flow-table.ts";
import { hashWords } from "../../tables/key-hash.ts";
import type { SnapshotHolder } from "../../tables/snapshot.ts";

/** Takes packets, then finds the flows of all. */
export interface Finder {
  add(row: number): void;
  /** How many packets got a verdict: those that answer a flow that is over. */
  find(tick: number): number;
}

/** Collects the packets of one family, then finds the flows of all. */
export function findFlows(
  pool: PacketPool,
  snapshot: SnapshotHolder,
  table: FlowTable,
  expired: number,
): Finder {
  const { bytes, view, l3, l4, flags, vpc, protocol, sourcePort, destinationPort } = pool;
  const { flow, toVpc, direction, verdict } = pool;
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

  function find(tick: number): number {
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
        verdict[row] = expired;
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
