// Data path.
// The flows of the IPv4 packets of a batch. The keys are hashed first, then the index is fetched
// for all, then the entries: so the cache misses of different packets overlap. Sizes and places
// are written out, which the compiler turns into addresses.

import { queryId } from "../../packet/icmp-query.ts";
import { BATCH_MAX } from "../../packet/limits.ts";
import { type PacketPool, PORTS } from "../../packet/packet-pool.ts";
import { RESTING } from "../../tables/flow-layout.ts";
import type { FlowTable } from "../../tables/flow-table.ts";
import { hashFourWords } from "../../tables/key-hash.ts";
import type { SnapshotHolder } from "../../tables/snapshot.ts";

// Words of an entry: V4_LAYOUT in flow-layout.ts.
const DIRECTION = 8;
const DEADLINE = 9;
const STATE = 15;

/** Takes packets, then finds the flows of all. */
export interface Finder {
  add(row: number): void;
  /** How many packets got a verdict: those that answer a flow that is over. */
  find(tick: number): number;
}

export function findV4(
  pool: PacketPool,
  snapshot: SnapshotHolder,
  table: FlowTable,
  expired: number,
): Finder {
  const { bytes, view, l3, l4, flags, vpc, protocol, sourcePort, destinationPort } = pool;
  const { flow, toVpc, direction, verdict } = pool;
  const { words, index, mask } = table.slab;
  const { k0, k1 } = table.slab.hashKey;
  const keys = new Int32Array(BATCH_MAX * 4);
  const rows = new Int32Array(BATCH_MAX);
  const slots = new Int32Array(BATCH_MAX);
  const tags = new Int32Array(BATCH_MAX);
  const entries = new Int32Array(BATCH_MAX);
  /** Keeps the compiler from dropping loads whose only purpose is to fetch. */
  const sink = new Int32Array(1);
  let count = 0;

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
    const key = count << 2;
    const at = l3[row]!;
    keys[key] = (snapshot.current.vpcVnis[vpc[row]!]! << 8) | rowProtocol;
    keys[key + 1] = view.getInt32(at + 12);
    keys[key + 2] = view.getInt32(at + 16);
    keys[key + 3] = ports;
    rows[count] = row;
    count++;
  }

  /** The next entry from the slot kept in `slots` on whose tag fits, or -1. */
  function probe(i: number): number {
    const tag = tags[i]!;
    let slot = slots[i]!;
    for (;;) {
      const at = slot << 1;
      const entry = index[at + 1]! - 1;
      if (entry < 0) return -1;
      slot = (slot + 1) & mask;
      if (index[at]! === tag) {
        slots[i] = slot;
        return entry;
      }
    }
  }

  function hasKey(at: number, key: number): boolean {
    return (
      words[at]! === keys[key]! &&
      words[at + 1]! === keys[key + 1]! &&
      words[at + 2]! === keys[key + 2]! &&
      words[at + 3]! === keys[key + 3]!
    );
  }

  /** Hashes all, then fetches all index slots, then all entries. */
  function fetch(): void {
    let touched = 0;
    for (let i = 0; i < count; i++) {
      const key = i << 2;
      const tag = hashFourWords(keys[key]!, keys[key + 1]!, keys[key + 2]!, keys[key + 3]!, k0, k1);
      tags[i] = tag;
      slots[i] = tag & mask;
    }
    for (let i = 0; i < count; i++) touched ^= index[slots[i]! << 1]!;
    for (let i = 0; i < count; i++) entries[i] = probe(i);
    for (let i = 0; i < count; i++) touched ^= words[(entries[i]! & 0x3ffffff) << 4]!;
    sink[0] = sink[0]! ^ touched;
  }

  function find(tick: number): number {
    fetch();
    let decided = 0;
    const { directionVpcs } = snapshot.current;
    for (let i = 0; i < count; i++) {
      let entry = entries[i]!;
      while (entry >= 0 && !hasKey(entry << 4, i << 2)) entry = probe(i);
      if (entry < 0) continue;
      const at = entry << 4;
      const row = rows[i]!;
      const way = words[at + DIRECTION]!;
      const fresh =
        ((words[at + DEADLINE]! - tick) | 0) > 0 && (words[at + STATE]! & RESTING) === 0;
      if (!fresh && !table.alive(entry, tick)) {
        // Whoever opened it may open it again; an answer comes too late.
        if ((entry & 1) === 0) continue;
        verdict[row] = expired;
        decided++;
      } else flow[row] = entry;
      direction[row] = way;
      toVpc[row] = directionVpcs[way]!;
    }
    count = 0;
    return decided;
  }

  return { add, find };
}
