// Data path.
// The flows of the packets of one address family in a batch. The keys are hashed first, then the
// index is fetched for all, then the entries: so the cache misses of different packets overlap.

import type { Batch } from "../../packet/batch.ts";
import { isRequest, queryId } from "../../packet/icmp-query.ts";
import { BATCH_MAX } from "../../packet/limits.ts";
import {
  ANSWERS_EXPIRED,
  ICMP_ERROR,
  LATER_FRAGMENT,
  type PacketPool,
  PORTS,
  V6,
} from "../../packet/packet-pool.ts";
import { RESTING } from "../../tables/flow-layout.ts";
import type { FlowTable } from "../../tables/flow-table.ts";
import type { FragmentTable } from "../../tables/fragment-table.ts";
import { hashKeys } from "../../tables/key-hash.ts";
import { markOf } from "../../tables/keyed-slab.ts";
import type { SnapshotHolder } from "../../tables/snapshot.ts";

/** Finds the flows of the packets of its family; those without one become the batch's unmatched. */
export type Finder = (batch: Batch, tick: number) => void;

export function flowFinder(
  pool: PacketPool,
  snapshot: SnapshotHolder,
  table: FlowTable,
  fragments: FragmentTable,
): Finder {
  const { bytes, view, l3, l4, flags, vpc, protocol, sourcePort, destinationPort } = pool;
  const { datagram, flow, toVpc, direction } = pool;
  const { slab, layout, v6 } = table;
  const { words, index, mask, entryBits, hashBits, farthest, keyWords, entryWords } = slab;
  const high = -1 << entryBits;
  const { k0, k1 } = slab.hashKey;
  const { addressWords } = layout;
  const family = v6 ? V6 : 0;
  const addresses = v6 ? 8 : 12;
  const keys = new Int32Array(BATCH_MAX * keyWords);
  const rows = new Int32Array(BATCH_MAX);
  const slots = new Int32Array(BATCH_MAX);
  const tags = new Int32Array(BATCH_MAX);
  const entries = new Int32Array(BATCH_MAX);
  /** Keeps the compiler from dropping loads whose only purpose is to fetch. */
  const sink = new Int32Array(1);
  let count = 0;

  /** Behind a later fragment's header stands no identifier, and perhaps nothing: it has the one of
   * the first. */
  function lentId(row: number): number {
    return datagram[row]! < 0 ? -1 : fragments.queryId[datagram[row]!]!;
  }

  /** Keys and hashes of the packets that may be of a flow. */
  function collect(batch: Batch): void {
    const { rows: all, count: size, unmatched } = batch;
    const { tracked, vpcVnis } = snapshot.current;
    let missed = batch.unmatchedCount;
    for (let i = 0; i < size; i++) {
      const row = all[i]!;
      const rowFlags = flags[row]!;
      if ((rowFlags & (ICMP_ERROR | V6)) !== family) continue;
      const rowVpc = vpc[row]!;
      const rowProtocol = protocol[row]!;
      let ports = (sourcePort[row]! << 16) | destinationPort[row]!;
      let id = 0;
      if ((rowFlags & PORTS) === 0 && sourcePort[row]! < 0) {
        const later = (rowFlags & LATER_FRAGMENT) !== 0;
        id = later ? lentId(row) : queryId(bytes, view, l4[row]!, rowProtocol, v6);
        ports = (id << 16) | id;
      }
      if (id < 0 || tracked[(rowVpc << 1) | (family & 1)]! === 0) {
        unmatched[missed++] = row;
        continue;
      }
      const key = count * keyWords;
      const at = l3[row]! + addresses;
      keys[key] = (vpcVnis[rowVpc]! << 8) | rowProtocol;
      for (let word = 0; word < 2 * addressWords; word++) {
        keys[key + 1 + word] = view.getInt32(at + 4 * word);
      }
      keys[key + keyWords - 1] = ports;
      rows[count] = row;
      count++;
    }
    batch.unmatchedCount = missed;
  }

  /** The next entry from the slot kept in `slots` on whose tag fits, or -1. */
  function probe(i: number): number {
    const tag = tags[i]!;
    let slot = slots[i]!;
    for (;;) {
      const word = index[slot]!;
      if (word === 0) return -1;
      const mark = markOf(tag, (slot - tag) & mask, entryBits, hashBits, farthest);
      slot = (slot + 1) & mask;
      if ((word & high) === mark) {
        slots[i] = slot;
        return ((word & ~high) - 1) | 0;
      }
    }
  }

  function hasKey(at: number, key: number): boolean {
    for (let i = 0; i < keyWords; i++) if (words[at + i]! !== keys[key + i]!) return false;
    return true;
  }

  /** Hashes the keys, fetches all index slots, then all entries. */
  function fetch(): void {
    let touched = 0;
    hashKeys(keys, keyWords, tags, count, k0, k1);
    for (let i = 0; i < count; i++) {
      slots[i] = tags[i]! & mask;
      touched ^= index[slots[i]!]!;
    }
    for (let i = 0; i < count; i++) entries[i] = probe(i);
    for (let i = 0; i < count; i++) touched ^= words[Math.max(entries[i]!, 0) * entryWords]!;
    sink[0] = sink[0]! ^ touched;
  }

  return function find(batch, tick) {
    collect(batch);
    fetch();
    const { unmatched } = batch;
    let missed = batch.unmatchedCount;
    const { directionVpcs } = snapshot.current;
    for (let i = 0; i < count; i++) {
      let entry = entries[i]!;
      while (entry >= 0 && !hasKey(entry * entryWords, i * keyWords)) entry = probe(i);
      if (entry < 0) {
        unmatched[missed++] = rows[i]!;
        continue;
      }
      const at = entry * entryWords;
      const row = rows[i]!;
      // A request from the side that was asked is no answer (RFC 5508, 3).
      const query = (flags[row]! & (PORTS | LATER_FRAGMENT)) === 0;
      if (query && isRequest(bytes[l4[row]!]!) !== ((entry & 1) === 0)) {
        unmatched[missed++] = row;
        continue;
      }
      const way = words[at + layout.direction]!;
      const fresh =
        ((words[at + layout.deadline]! - tick) | 0) > 0 &&
        (words[at + layout.state]! & RESTING) === 0;
      if (!fresh && !table.alive(entry, tick)) {
        unmatched[missed++] = row;
        // Whoever opened it may open it again; who answers it perhaps not.
        if ((entry & 1) === 0) continue;
        flags[row] = flags[row]! | ANSWERS_EXPIRED;
      } else flow[row] = entry;
      direction[row] = way;
      toVpc[row] = directionVpcs[way]!;
    }
    count = 0;
    batch.unmatchedCount = missed;
  };
}
