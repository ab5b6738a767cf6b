// Data path.
// The same as find-v4.ts for IPv6: keys of ten words, entries of two cache lines.

import { queryId } from "../../packet/icmp-query.ts";
import { BATCH_MAX } from "../../packet/limits.ts";
import { type PacketPool, PORTS } from "../../packet/packet-pool.ts";
import { RESTING } from "../../tables/flow-layout.ts";
import type { FlowTable } from "../../tables/flow-table.ts";
import { hashWords } from "../../tables/key-hash.ts";
import type { SnapshotHolder } from "../../tables/snapshot.ts";
import type { Finder } from "./find-v4.ts";

// Words of an entry: V6_LAYOUT in flow-layout.ts.
const DEADLINE = 10;
const DIRECTION = 14;
const STATE = 15;
const KEY_WORDS = 10;

export function findV6(
  pool: PacketPool,
  snapshot: SnapshotHolder,
  table: FlowTable,
  expired: number,
): Finder {
  const { bytes, view, l3, l4, flags, vpc, protocol, sourcePort, destinationPort } = pool;
  const { flow, toVpc, direction, verdict } = pool;
  const { words, index, mask } = table.slab;
  const { k0, k1 } = table.slab.hashKey;
  const keys = new Int32Array(BATCH_MAX * KEY_WORDS);
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
    const key = count * KEY_WORDS;
    const at = l3[row]! + 8;
    keys[key] = (snapshot.current.vpcVnis[vpc[row]!]! << 8) | rowProtocol;
    for (let i = 0; i < 8; i++) keys[key + 1 + i] = view.getInt32(at + 4 * i);
    keys[key + 9] = ports;
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
    for (let i = 0; i < KEY_WORDS; i++) if (words[at + i]! !== keys[key + i]!) return false;
    return true;
  }

  /** Hashes all, then fetches all index slots, then all entries. */
  function fetch(): void {
    let touched = 0;
    for (let i = 0; i < count; i++) {
      const tag = hashWords(keys, i * KEY_WORDS, KEY_WORDS, k0, k1);
      tags[i] = tag;
      slots[i] = tag & mask;
    }
    for (let i = 0; i < count; i++) touched ^= index[slots[i]! << 1]!;
    for (let i = 0; i < count; i++) entries[i] = probe(i);
    for (let i = 0; i < count; i++) {
      const at = (entries[i]! & 0x1ffffff) << 5;
      touched ^= words[at]! ^ words[at + 16]!;
    }
    sink[0] = sink[0]! ^ touched;
  }

  function find(tick: number): number {
    fetch();
    let decided = 0;
    const { directionVpcs } = snapshot.current;
    for (let i = 0; i < count; i++) {
      let entry = entries[i]!;
      while (entry >= 0 && !hasKey(entry << 5, i * KEY_WORDS)) entry = probe(i);
      if (entry < 0) continue;
      const at = entry << 5;
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
