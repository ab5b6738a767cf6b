// Data path.
// The same as by-flow-v4.ts for IPv6: keys of ten words, entries of two cache lines.

import { BATCH_MAX } from "../../packet/limits.ts";
import { segmentsFit } from "../../packet/offload.ts";
import { type PacketPool, PORTS, UDP_CHECKSUM, V6 } from "../../packet/packet-pool.ts";
import { RESTING, SEEN_ACK, STATE_MASK } from "../../tables/flow-layout.ts";
import { ESTABLISHED } from "../../tables/flow-state.ts";
import type { FlowTable } from "../../tables/flow-table.ts";
import { hashKeys } from "../../tables/key-hash.ts";
import { markOf } from "../../tables/keyed-slab.ts";
import { SHORTCUT_MTU, SHORTCUT_WORDS, type SnapshotHolder } from "../../tables/snapshot.ts";
import type { FlowTranslator } from "./by-flow-v4.ts";
import { type Candidates, KEY_WORDS_V6 } from "./candidates.ts";
import type { Sender } from "./send.ts";

// Words of an entry: V6_LAYOUT in flow-layout.ts.
const DEADLINE = 10;
const IDLE = 11;
const PACKETS = 12;
const BYTES = 13;
const DIRECTION = 14;
const STATE = 15;
const NEW_SOURCE = 16;
const NEW_PORTS = 24;
const DELTAS = 25;
const ACK = 26;
const WINDOW = 27;
const KEY_WORDS = KEY_WORDS_V6;

const TCP = 6;
const UDP = 17;
const TCP_ACK = 0x10;
const PLAIN_STATE = STATE_MASK | RESTING;
const IN_USE = ESTABLISHED;
const RESTED = RESTING;
const ACKED = SEEN_ACK;
const TCP_FLAGS = V6 | PORTS;
const UDP_FLAGS = V6 | PORTS | UDP_CHECKSUM;
const WORDS = SHORTCUT_WORDS;
const MTU = SHORTCUT_MTU;

export function byFlowV6(
  pool: PacketPool,
  snapshot: SnapshotHolder,
  table: FlowTable,
  candidates: Candidates,
  send: Sender,
): FlowTranslator {
  const { bytes, view } = pool;
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
    for (let i = 0; i < KEY_WORDS; i++) if (words[at + i]! !== keys[key + i]!) return false;
    return true;
  }

  function fetch(count: number): void {
    let touched = 0;
    for (let i = 0; i < count; i++) {
      const slot = tags[i]! & mask;
      slots[i] = slot;
      touched ^= index[slot]!;
    }
    for (let i = 0; i < count; i++) entries[i] = probe(i);
    for (let i = 0; i < count; i++) {
      const at = (entries[i]! & 0x1ffffff) << 5;
      touched ^= words[at]! ^ words[at + 16]!;
    }
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

  /** Addresses, ports, one hop less, and the checksum over them, by the sum in the entry. */
  function rewrite(at: number, l3: number, tcp: boolean): void {
    bytes[l3 + 7] = bytes[l3 + 7]! - 1;
    // New source and new destination follow each other, as in the header.
    for (let i = 0; i < 8; i++) view.setInt32(l3 + 8 + 4 * i, words[at + NEW_SOURCE + i]!);
    view.setInt32(l3 + 40, words[at + NEW_PORTS]!);
    const checksum = (l3 + (tcp ? 56 : 46)) | 0;
    const old = view.getUint16(checksum);
    if (old === 0 && !tcp) return;
    let sum = (~old & 0xffff) + (words[at + DELTAS]! >>> 16);
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
    hashKeys(keys, KEY_WORDS, tags, count, k0, k1);
    fetch(count);
    const { shortcuts } = snapshot.current;
    let sent = 0;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const key = i * KEY_WORDS;
      let entry = entries[i]!;
      while (entry >= 0 && !hasKey(entry << 5, key)) entry = probe(i);
      if (entry < 0) {
        keep(i, kept);
        kept = (kept + 1) | 0;
        continue;
      }
      const at = entry << 5;
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
      if (tcp) noteTcp(at, (l3 + 40) | 0, state);
      rewrite(at, l3, tcp);
      const row = rows[i]!;
      send(row, l3, end, way, entry, tcp ? TCP_FLAGS : UDP_FLAGS, keys[key + 9]!);
      sent = (sent + 1) | 0;
    }
    candidates.count = kept;
    return sent;
  };
}
