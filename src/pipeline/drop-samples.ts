// Data path.
// The last few dropped packets of each kind: why, from which VPC, to which. Every kind has places
// of its own, and gives one of them away at most every tenth of a second. So a flood costs next to
// nothing, and pushes out nobody else's packets.

import { HEADROOM } from "../packet/limits.ts";
import { UNFINISHED } from "../packet/offload.ts";
import type { PacketPool } from "../packet/packet-pool.ts";
import { V6 } from "../packet/packet-pool.ts";
import { NO_ACL } from "../tables/acl-table.ts";
import type { FlowTable } from "../tables/flow-table.ts";
import type { HeldPackets } from "../tables/held-packets.ts";
import { PairIndex } from "../tables/pair-index.ts";

/** Packets of each kind. */
export const SAMPLES_EACH = 8;
/** Kinds: 1.2 MB in all. */
export const SAMPLE_KINDS = 512;
/** Bytes of a packet. */
export const SAMPLE_BYTES = 256;
/** Between two samples of a kind. */
export const SAMPLE_MILLIS = 100;
const NONE = -1;

export class DropSamples {
  /** Kinds: drop code, and the numbers of the two VPCs (from << 16 | to). */
  readonly kinds: PairIndex;
  /** Dropped packets of kinds that there was no number for. */
  unsampled = 0;
  /** By place, kind * SAMPLES_EACH + 0 to 7: which sample it is, counted from 1; 0 for none yet. */
  readonly serial: Float64Array;
  readonly millis: Float64Array;
  readonly bytes: Uint8Array;
  /** Of the frame as it came; of a packet that was held, of the IP packet. */
  readonly length: Int32Array;
  readonly captured: Int32Array;
  readonly iface: Int32Array;
  readonly step: Uint8Array;
  /** Where the IP packet between VPCs starts in what is stored; -1 when none was found. */
  readonly offset: Int32Array;
  /** 1 when what is stored starts with the IP packet, whatever the interface. */
  readonly bare: Uint8Array;
  /** 1 when the transport checksum was left to a network card. */
  readonly unfinished: Uint8Array;
  /** As the pool's columns of these names, the rules those of the flow if there was one. */
  readonly direction: Int32Array;
  readonly sourceRule: Int32Array;
  readonly destinationRule: Int32Array;
  readonly aclRule: Int32Array;
  readonly byFlow: Uint8Array;
  /** 1 when somebody has read what the rules were called, which the next configuration forgets. */
  readonly named: Uint8Array;
  readonly #words: Int32Array;
  readonly #pool: PacketPool;
  readonly #tables: readonly [FlowTable, FlowTable] | undefined;
  /** By kind: when the newest came, and which place is next. */
  readonly #since: Float64Array;
  readonly #next: Uint8Array;
  #taken = 0;

  /** Flows are of IPv4 and IPv6. */
  constructor(
    pool: PacketPool,
    tables: readonly [FlowTable, FlowTable] | undefined,
    kinds: number,
  ) {
    const places = kinds * SAMPLES_EACH;
    this.#pool = pool;
    this.#tables = tables;
    this.kinds = new PairIndex(kinds);
    this.serial = new Float64Array(places);
    this.millis = new Float64Array(places);
    this.bytes = new Uint8Array(places * SAMPLE_BYTES);
    this.#words = new Int32Array(this.bytes.buffer);
    this.length = new Int32Array(places);
    this.captured = new Int32Array(places);
    this.iface = new Int32Array(places);
    this.step = new Uint8Array(places);
    this.offset = new Int32Array(places);
    this.bare = new Uint8Array(places);
    this.unfinished = new Uint8Array(places);
    this.direction = new Int32Array(places);
    this.sourceRule = new Int32Array(places);
    this.destinationRule = new Int32Array(places);
    this.aclRule = new Int32Array(places);
    this.byFlow = new Uint8Array(places);
    this.named = new Uint8Array(places);
    this.#since = new Float64Array(kinds).fill(Number.NEGATIVE_INFINITY);
    this.#next = new Uint8Array(kinds);
  }

  /** Number of the newest sample; 0 before the first. */
  get newest(): number {
    return this.#taken;
  }

  /** Whether a packet of this kind is to be stored. Time that runs backwards begins anew. */
  isDue(kind: number, now: number): boolean {
    if (kind < 0) {
      this.unsampled++;
      return false;
    }
    const since = this.#since[kind]!;
    return now - since >= SAMPLE_MILLIS || now < since;
  }

  /** Stores the packet in `row` as it stands: the frame as it came by its interface, tunnel
   * included, with what steps have rewritten in it. */
  takeRow(kind: number, row: number, step: number, now: number): void {
    const pool = this.#pool;
    const at = row * pool.slotBytes + HEADROOM;
    const place = this.#take(kind, pool.rxInterface[row]!, step, now);
    const length = pool.start[row]! + pool.length[row]! - at;
    const l3 = pool.l3[row]!;
    this.#copy(place, at, length, l3 < 0 ? NONE : l3 - at);
    const flow = pool.flow[row]!;
    this.unfinished[place] = (pool.offload[row]! & UNFINISHED) === 0 ? 0 : 1;
    this.direction[place] = pool.direction[row]!;
    this.aclRule[place] = pool.aclRule[row]!;
    if (flow < 0 || this.#tables === undefined) {
      this.sourceRule[place] = pool.sourceRule[row]!;
      this.destinationRule[place] = pool.destinationRule[row]!;
      return;
    }
    const table = this.#tables[(pool.flags[row]! & V6) !== 0 ? 1 : 0];
    const source = table.sourceRule[flow >> 1]!;
    const destination = table.destinationRule[flow >> 1]!;
    this.byFlow[place] = 1;
    this.sourceRule[place] = (flow & 1) === 0 ? source : destination;
    this.destinationRule[place] = (flow & 1) === 0 ? destination : source;
  }

  /** Stores a packet that was held and is back in `row`: of it there is the IP packet alone. */
  takeReleased(kind: number, row: number, step: number, now: number): void {
    const { l3, end, rxInterface, offload, direction } = this.#pool;
    const place = this.#take(kind, rxInterface[row]!, step, now);
    this.direction[place] = direction[row]!;
    this.unfinished[place] = (offload[row]! & UNFINISHED) === 0 ? 0 : 1;
    this.#copy(place, l3[row]!, end[row]! - l3[row]!, 0);
    this.bare[place] = 1;
  }

  /** The same of one that is still held. */
  takeHeld(kind: number, held: HeldPackets, cell: number, step: number, now: number): void {
    const { room } = held;
    const place = this.#take(kind, room.rxInterface[cell]!, step, now);
    const lead = held.lead[cell]!;
    this.direction[place] = held.direction[cell]!;
    this.unfinished[place] = (held.offload[cell]! & UNFINISHED) === 0 ? 0 : 1;
    const at = place * SAMPLE_BYTES;
    const length = room.length[cell]! - lead;
    const stored = room.load(cell, this.#words, at >> 2, SAMPLE_BYTES);
    if (lead > 0) this.bytes.copyWithin(at, at + lead, at + stored);
    this.length[place] = length;
    this.captured[place] = stored - lead;
    this.offset[place] = 0;
    this.bare[place] = 1;
  }

  clear(): void {
    this.kinds.clear();
    this.serial.fill(0);
    this.#since.fill(Number.NEGATIVE_INFINITY);
    this.#next.fill(0);
    this.unsampled = 0;
  }

  /** A place, with nothing known of rules. */
  #take(kind: number, iface: number, step: number, now: number): number {
    const next = this.#next[kind]!;
    const place = kind * SAMPLES_EACH + next;
    this.#next[kind] = (next + 1) % SAMPLES_EACH;
    this.#since[kind] = now;
    this.#taken++;
    this.serial[place] = this.#taken;
    this.millis[place] = now;
    this.iface[place] = iface;
    this.step[place] = step;
    this.bare[place] = 0;
    this.direction[place] = NONE;
    this.sourceRule[place] = 0;
    this.destinationRule[place] = 0;
    this.aclRule[place] = NO_ACL;
    this.byFlow[place] = 0;
    this.named[place] = 0;
    return place;
  }

  #copy(place: number, from: number, length: number, offset: number): void {
    const { bytes, frameMax } = this.#pool;
    const there = length < frameMax ? length : frameMax;
    const count = there < SAMPLE_BYTES ? there : SAMPLE_BYTES;
    const at = place * SAMPLE_BYTES;
    for (let i = 0; i < count; i++) this.bytes[at + i] = bytes[from + i]!;
    this.length[place] = length;
    this.captured[place] = count;
    this.offset[place] = offset < count ? offset : NONE;
  }
}
