// Data path.
// Where packets live while they are in the gateway. A packet is a row: a slot in one slab of bytes,
// and a cell in each column of facts. Nothing is moved or cut; headers come and go by moving
// `start`. What each column means, who writes it and its value when unset: README.md.

import { Arena, COLUMN_WASTE, type Memory, plainMemory } from "../base/arena.ts";
import { assert } from "../base/assert.ts";
import { HEADROOM, SLOT_BYTES, SLOT_BYTES_MIN, SLOTS } from "./limits.ts";

/** The facts about a packet that steps write and read. */
export type Column =
  | "start"
  | "length"
  | "rxInterface"
  | "offload"
  | "outer"
  | "vpc"
  | "l3"
  | "l4"
  | "end"
  | "protocol"
  | "flags"
  | "l4Checksum"
  | "sourcePort"
  | "destinationPort"
  | "datagram"
  | "toVpc"
  | "direction"
  | "sourceRule"
  | "destinationRule"
  | "aclRule"
  | "flow"
  | "adjacency"
  | "txInterface";

// Bits of the `flags` column.
export const V6 = 1;
/** TCP or UDP ports are in their columns. */
export const PORTS = 2;
export const ICMP_ERROR = 4;
/** A fragment that is not the first: what follows the IP header is not a transport header. */
export const LATER_FRAGMENT = 8;
/** More fragments follow: the transport header is here, its payload not all. */
export const MORE_FRAGMENTS = 16;
/** A header ties the packet to its addresses: they cannot be translated. */
export const FIXED_ADDRESSES = 32;
/** A transport checksum of zero means "none" (UDP, RFC 768), and must stay zero. */
export const UDP_CHECKSUM = 64;
/** TTL or hop limit is 1 or less: the packet goes no further. */
export const LAST_HOP = 128;
/** It answers a flow that is over. It may open one of its own; if not, that is why. */
export const ANSWERS_EXPIRED = 256;
/** Too long for where it goes, and may be cut. */
export const TO_BE_CUT = 512;
/** What only fragments have. */
export const FRAGMENT = LATER_FRAGMENT | MORE_FRAGMENTS;

// Values of the `datagram` column that are no entry of the fragment table.
/** The fragment needs no more than stands in it. */
export const NO_DATAGRAM = -1;

// Values of the `flow` column that are no entry of the flow table.
export const NO_FLOW_YET = -1;
/** The exposes ask for a flow, and there is none yet. */
export const FLOW_WANTED = -2;

export interface PoolOptions {
  readonly slots?: number | undefined;
  /** A multiple of 64, at least 512; includes the headroom. */
  readonly slotBytes?: number | undefined;
  readonly memory?: Memory | undefined;
}

export class PacketPool {
  readonly slots: number;
  readonly slotBytes: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** The slab as native-order words of 4 and 8 bytes; for copying only. */
  readonly words: Int32Array;
  readonly quads: BigInt64Array;

  readonly start: Int32Array;
  readonly length: Int32Array;
  readonly rxInterface: Int32Array;
  readonly offload: Int32Array;
  readonly outer: Int32Array;
  readonly vpc: Int32Array;
  readonly l3: Int32Array;
  readonly l4: Int32Array;
  readonly end: Int32Array;
  readonly protocol: Int32Array;
  readonly flags: Int32Array;
  readonly l4Checksum: Int32Array;
  readonly sourcePort: Int32Array;
  readonly destinationPort: Int32Array;
  readonly datagram: Int32Array;
  readonly toVpc: Int32Array;
  readonly direction: Int32Array;
  readonly sourceRule: Int32Array;
  readonly destinationRule: Int32Array;
  readonly aclRule: Int32Array;
  readonly flow: Int32Array;
  readonly adjacency: Int32Array;
  readonly txInterface: Int32Array;
  readonly verdict: Uint8Array;

  readonly #free: Int32Array;
  #freeCount: number;

  constructor(options: PoolOptions = {}) {
    const slots = options.slots ?? SLOTS;
    const slotBytes = options.slotBytes ?? SLOT_BYTES;
    assert(slotBytes >= SLOT_BYTES_MIN && slotBytes % 64 === 0, `slots of ${slotBytes} bytes`);
    const arena = new Arena(
      slots * (slotBytes + 128) + 32 * COLUMN_WASTE,
      options.memory ?? plainMemory,
    );
    const slab = arena.slab(slots * slotBytes);
    this.slots = slots;
    this.slotBytes = slotBytes;
    this.bytes = slab.bytes;
    this.view = slab.view;
    this.words = slab.words;
    this.quads = slab.quads;
    this.start = arena.column(slots);
    this.length = arena.column(slots);
    this.rxInterface = arena.column(slots);
    this.outer = arena.column(slots);
    this.vpc = arena.column(slots);
    this.l3 = arena.column(slots);
    this.l4 = arena.column(slots);
    this.end = arena.column(slots);
    this.protocol = arena.column(slots);
    this.flags = arena.column(slots);
    this.l4Checksum = arena.column(slots);
    this.sourcePort = arena.column(slots);
    this.destinationPort = arena.column(slots);
    this.datagram = arena.column(slots);
    this.toVpc = arena.column(slots);
    this.direction = arena.column(slots);
    this.sourceRule = arena.column(slots);
    this.destinationRule = arena.column(slots);
    this.aclRule = arena.column(slots);
    this.flow = arena.column(slots);
    this.adjacency = arena.column(slots);
    this.txInterface = arena.column(slots);
    this.offload = arena.column(slots);
    this.verdict = arena.uint8(slots);
    this.#free = arena.int32(slots);
    for (let slot = 0; slot < slots; slot++) this.#free[slot] = slots - 1 - slot;
    this.#freeCount = slots;
  }

  /** Longest frame a slot takes, in bytes. */
  get frameMax(): number {
    return this.slotBytes - HEADROOM;
  }

  /** How many rows are free. */
  get free(): number {
    return this.#freeCount;
  }

  /** A free row, or -1 when all are in flight. */
  allocate(): number {
    if (this.#freeCount === 0) return -1;
    this.#freeCount--;
    return this.#free[this.#freeCount]!;
  }

  /** Up to `count` free rows into `rows`; how many there were. */
  allocateMany(rows: Int32Array, count: number): number {
    const taken = count < this.#freeCount ? count : this.#freeCount;
    const first = this.#freeCount - taken;
    for (let i = 0; i < taken; i++) rows[i] = this.#free[first + i]!;
    this.#freeCount = first;
    return taken;
  }

  releaseMany(rows: Int32Array, count: number): void {
    const first = this.#freeCount;
    for (let i = 0; i < count; i++) this.#free[first + i] = rows[i]!;
    this.#freeCount = first + count;
  }

  release(row: number): void {
    this.#free[this.#freeCount] = row;
    this.#freeCount++;
  }

  /** Makes the row a frame of `length` bytes, to be written from the offset returned. What steps
   * find out about it is unset by the first step that it comes to. */
  open(row: number, rxInterface: number, length: number): number {
    const start = row * this.slotBytes + HEADROOM;
    this.start[row] = start;
    this.length[row] = length;
    this.rxInterface[row] = rxInterface;
    this.offload[row] = 0;
    this.verdict[row] = 0;
    return start;
  }
}
