// Data path.
// Candidates of IPv4 that belong to an established flow, or to any of UDP, from the lookup to the
// wire. The keys are hashed first, then the index is fetched for all, then the entries, so that the
// cache misses of different packets overlap. Sizes and places are written out, which the compiler
// turns into addresses.

import { BATCH_MAX } from "../../packet/limits.ts";
import { segmentsFit } from "../../packet/offload.ts";
import { type PacketPool, PORTS, UDP_CHECKSUM } from "../../packet/packet-pool.ts";
import { RESTING, SEEN_ACK, STATE_MASK } from "../../tables/flow-layout.ts";
import { ESTABLISHED } from "../../tables/flow-state.ts";
import type { FlowTable } from "../../tables/flow-table.ts";
import { hashFourWordKeys } from "../../tables/key-hash.ts";
import { markOf } from "../../tables/keyed-slab.ts";
import { SHORTCUT_MTU, SHORTCUT_WORDS, type SnapshotHolder } from "../../tables/snapshot.ts";
import { type Candidates, KEY_WORDS_V4 } from "./candidates.ts";
import type { Sender } from "./send.ts";

// Words of an entry: V4_LAYOUT in flow-layout.ts.
const NEW_SOURCE = 4;
const NEW_DESTINATION = 5;
const NEW_PORTS = 6;
const DELTAS = 7;
const DIRECTION = 8;
const DEADLINE = 9;
const IDLE = 10;
const PACKETS = 11;
const BYTES = 12;
const ACK = 13;
const WINDOW = 14;
const STATE = 15;

const KEY_WORDS = KEY_WORDS_V4;
const TCP = 6;
const UDP = 17;
const TCP_ACK = 0x10;
const PLAIN_STATE = STATE_MASK | RESTING;
const IN_USE = ESTABLISHED;
const RESTED = RESTING;
const ACKED = SEEN_ACK;
const TCP_FLAGS = PORTS;
const UDP_FLAGS = PORTS | UDP_CHECKSUM;
const WORDS = SHORTCUT_WORDS;
const MTU = SHORTCUT_MTU;

/** Translates and sends what can be; how many that were. Idle times count from the tick `since`. */
export type FlowTranslator = (tick: number, since: number) => number;

export function byFlowV4(
  pool: PacketPool,
  snapshot: SnapshotHolder,
  table: FlowTable,
  candidates: Candidates,
  send: Sender,
): FlowTranslator {
  const { view } = pool;
  const { words, index, mask, entryBits, hashBits, farthest } = table.slab;
  const high = -1 << entryBits;
  const { k0, k1 } = table.slab.hashKey;
  const { rows, l3s, ends, keys } = candidates;
  const tags = new Int32Array(BATCH_MAX);
  const slots = new Int32Array(BATCH_MAX);
  const entries = new Int32Array(BATCH_MAX);
  /** Keeps the compiler from dropping loads whose only purpose is to fetch. */
  const sink = new Int32Array(1);

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
    return (
      words[at]! === keys[key]! &&
      words[at + 1]! === keys[key + 1]! &&
      words[at + 2]! === keys[key + 2]! &&
      words[at + 3]! === keys[key + 3]!
    );
  }

  function fetch(count: number): void {
    let touched = 0;
    for (let i = 0; i < count; i++) {
      const slot = tags[i]! & mask;
      slots[i] = slot;
      touched ^= index[slot]!;
    }
    for (let i = 0; i < count; i++) entries[i] = probe(i);
    for (let i = 0; i < count; i++) touched ^= words[(entries[i]! & 0x3ffffff) << 4]!;
    sink[0] = sink[0]! ^ touched;
  }

  /** Established; or of UDP, whose packets have no flags that would make more of them than a
   * change of the state. */
  function isPlain(state: number, tcp: boolean): boolean {
    return (state & PLAIN_STATE) === IN_USE || (!tcp && (state & RESTED) === 0);
  }

  function keepAlive(entry: number, at: number, state: number, since: number): void {
    if ((state & PLAIN_STATE) === IN_USE) words[at + DEADLINE] = (since + words[at + IDLE]!) | 0;
    else table.track(entry, UDP, 0, 0, since);
  }

  /** RFC 5961, 3: what the other side will be asked about when it is reset. */
  function noteTcp(at: number, transport: number, state: number): void {
    const flagsAndWindow = view.getInt32(transport + 12);
    words[at + WINDOW] = (flagsAndWindow & 0xffff) << ((state >>> 16) & 15);
    if ((flagsAndWindow & (TCP_ACK << 16)) === 0) return;
    words[at + ACK] = view.getInt32(transport + 8);
    words[at + STATE] = state | ACKED;
  }

  /** Addresses, ports, one hop less, and the checksums over them, by the sums in the entry. */
  function rewrite(at: number, l3: number, tcp: boolean): void {
    const deltas = words[at + DELTAS]!;
    // TTL, protocol and the header checksum are one word.
    const hops = view.getInt32(l3 + 8);
    let sum = (~hops & 0xffff) + (deltas & 0xffff);
    sum = ~((sum & 0xffff) + (sum >>> 16)) & 0xffff;
    view.setInt32(l3 + 8, ((hops - 0x1000000) & 0xffff0000) | sum);
    view.setInt32(l3 + 12, words[at + NEW_SOURCE]!);
    view.setInt32(l3 + 16, words[at + NEW_DESTINATION]!);
    view.setInt32(l3 + 20, words[at + NEW_PORTS]!);
    const checksum = (l3 + (tcp ? 36 : 26)) | 0;
    const old = view.getUint16(checksum);
    if (old === 0 && !tcp) return;
    sum = (~old & 0xffff) + (deltas >>> 16);
    sum = ~((sum & 0xffff) + (sum >>> 16)) & 0xffff;
    view.setUint16(checksum, sum === 0 && !tcp ? 0xffff : sum);
  }

  /** A candidate without a flow stays one, as number `to`. */
  function keep(from: number, to: number): void {
    if (from === to) return;
    rows[to] = rows[from]!;
    l3s[to] = l3s[from]!;
    ends[to] = ends[from]!;
    for (let i = 0; i < KEY_WORDS; i++) keys[to * KEY_WORDS + i] = keys[from * KEY_WORDS + i]!;
  }

  return function translateByFlow(tick, since) {
    const { count } = candidates;
    hashFourWordKeys(keys, tags, count, k0, k1);
    fetch(count);
    const { shortcuts } = snapshot.current;
    let sent = 0;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const key = i << 2;
      let entry = entries[i]!;
      while (entry >= 0 && !hasKey(entry << 4, key)) entry = probe(i);
      if (entry < 0) {
        keep(i, kept);
        kept = (kept + 1) | 0;
        continue;
      }
      const at = entry << 4;
      const state = words[at + STATE]!;
      const alive = ((words[at + DEADLINE]! - tick) | 0) > 0;
      const tcp = (keys[key]! & 0xff) === TCP;
      if (!alive || !isPlain(state, tcp)) continue;
      const way = words[at + DIRECTION]!;
      const l3 = l3s[i]!;
      const end = ends[i]!;
      const size = (end - l3) | 0;
      const most = shortcuts[way * WORDS + MTU]!;
      if (size > most && !segmentsFit(pool, rows[i]!, l3, most)) continue;
      keepAlive(entry, at, state, since);
      words[at + PACKETS] = (words[at + PACKETS]! + 1) | 0;
      words[at + BYTES] = (words[at + BYTES]! + size) | 0;
      if (tcp) noteTcp(at, (l3 + 20) | 0, state);
      rewrite(at, l3, tcp);
      const row = rows[i]!;
      send(row, l3, end, way, entry, tcp ? TCP_FLAGS : UDP_FLAGS, keys[key + 3]!);
      sent = (sent + 1) | 0;
    }
    candidates.count = kept;
    return sent;
  };
}
