// From the ring into the pool. For each packet nothing is made. (The kernel's bits are read and
// written with Atomics, which orders them with the frames; that is why this file is not marked as
// one of the data path, where such things have no place.)

import type { Batch } from "../../packet/batch.ts";
import { ETHERNET_LENGTH } from "../../packet/locate-ip.ts";
import type { PacketPool } from "../../packet/packet-pool.ts";
import {
  type Counts,
  RECEIVE_DROPS,
  RECEIVE_ERRORS,
  RECEIVE_TOO_LONG,
  RECEIVED,
} from "../counts.ts";
import { finishChecksum } from "./finish-checksum.ts";
import { offloadOf } from "./may-pass-whole.ts";
import {
  CHECKSUM_NEEDED,
  KIND_PLAIN,
  OFFLOAD_CHECKSUM_OFFSET,
  OFFLOAD_CHECKSUM_START,
  OFFLOAD_FLAGS,
  OFFLOAD_HEADER,
  OFFLOAD_KIND,
  OFFLOAD_SEGMENT,
} from "./offload.ts";
import {
  CAPTURED_WORD,
  LENGTH_WORD,
  MAC,
  MAC_HALF,
  type PacketRing,
  STATUS_COPY,
  STATUS_USER,
  STATUS_VLAN,
  STATUS_VLAN_TYPE,
  VLAN_TAG_HALF,
  VLAN_TYPE_HALF,
} from "./packet-ring.ts";
import { PoolMemory, VLAN_TAG } from "./pool-memory.ts";
import { SuperFrame, superFrameMemory } from "./super-frame.ts";
import type { Address, System } from "./sys.ts";
import { EAGAIN } from "./system-error.ts";

/** IEEE 802.1Q. */
const ETHERTYPE_VLAN = 0x8100;
const MAC_ADDRESSES = 12;
/** Where a super-frame starts in its memory: before it the offload header, or a VLAN tag. */
const LONG_AT = 16;
const MSG_DONTWAIT_TRUNC = 0x60;

export class RingReceiver {
  readonly #system: System;
  readonly #fd: number;
  readonly #ring: PacketRing;
  readonly #counts: Counts;
  readonly #long = new SuperFrame(superFrameMemory());
  /** Where its frame is put, and the offload header before it. */
  readonly #longAt: Address;
  readonly #longHeaderAt: Address;
  readonly #poolMemory: PoolMemory;
  readonly #whole: boolean;
  /** The frame of the ring whose turn it is. */
  #turn = 0;

  /** `whole`: what a network card was to do may be left as it is. */
  constructor(system: System, fd: number, ring: PacketRing, counts: Counts, whole: boolean) {
    this.#whole = whole;
    this.#system = system;
    this.#fd = fd;
    this.#ring = ring;
    this.#counts = counts;
    this.#longAt = system.addressOf(this.#long.bytes) + BigInt(LONG_AT);
    this.#longHeaderAt = this.#longAt - BigInt(OFFLOAD_HEADER);
    this.#poolMemory = new PoolMemory(system);
  }

  /** As a driver's `receive`. */
  receive(pool: PacketPool, batch: Batch, iface: number): number {
    this.#poolMemory.settleOn(pool);
    const before = batch.count;
    const { words } = this.#ring.memory;
    while (this.#cut(pool, batch, iface)) {
      const at = this.#ring.offsets[this.#turn]!;
      const status = Atomics.load(words, at >> 2);
      if ((status & STATUS_USER) === 0) break;
      if (this.#isLong(at)) {
        if (!this.#takeLong(pool, batch, iface, at, status)) break;
      } else if (!this.#take(pool, batch, iface, at, status)) break;
      Atomics.store(words, at >> 2, 0);
      this.#turn = this.#turn + 1 === this.#ring.frames ? 0 : this.#turn + 1;
    }
    const received = batch.count - before;
    this.#counts[RECEIVED]! += received;
    return received;
  }

  /** Cuts what is left of a super-frame. False when the batch is full or the pool empty. */
  #cut(pool: PacketPool, batch: Batch, iface: number): boolean {
    const long = this.#long;
    while (long.left > 0 && !batch.full) {
      const row = pool.allocate();
      if (row < 0) return false;
      long.next(pool, row, iface);
      batch.push(row);
    }
    return !batch.full;
  }

  /** Whether the frame is more than one, or more than the ring took. */
  #isLong(at: number): boolean {
    const { bytes, words, halves } = this.#ring.memory;
    const kind = bytes[at + halves[(at >> 1) + MAC_HALF]! - OFFLOAD_HEADER + OFFLOAD_KIND];
    const word = at >> 2;
    return kind !== KIND_PLAIN || words[word + CAPTURED_WORD] !== words[word + LENGTH_WORD];
  }

  /** Puts the frame of the ring at `at` into a row; false when there is none. */
  #take(pool: PacketPool, batch: Batch, iface: number, at: number, status: number): boolean {
    const { bytes, words, halves } = this.#ring.memory;
    const length = words[(at >> 2) + LENGTH_WORD]!;
    const mac = at + halves[(at >> 1) + MAC_HALF]!;
    const offload = mac - OFFLOAD_HEADER;
    const tag = status & STATUS_VLAN ? VLAN_TAG : 0;
    if (length + tag > pool.frameMax) {
      this.#counts[RECEIVE_TOO_LONG]!++;
      return true;
    }
    const row = pool.allocate();
    if (row < 0) return false;
    const start = pool.open(row, iface, length + tag);
    const { memory } = this.#ring;
    this.#poolMemory.copyIn(pool, row, tag, memory, mac, this.#address(at, mac), length);
    if (tag !== 0) this.#restoreTag(pool.view, start, at, status);
    const left = this.#whole ? offloadOf(bytes, mac, length) : 0;
    if (left !== 0) leaveWork(pool, row, left, tag);
    else if (bytes[offload + OFFLOAD_FLAGS]! & CHECKSUM_NEEDED) {
      const from = start + tag + halves[(offload + OFFLOAD_CHECKSUM_START) >> 1]!;
      const field = from + halves[(offload + OFFLOAD_CHECKSUM_OFFSET) >> 1]!;
      if (!finishChecksum(pool.view, from, field, start + tag + length)) {
        this.#counts[RECEIVE_ERRORS]!++;
        pool.release(row);
        return true;
      }
    }
    batch.push(row);
    return true;
  }

  /** Of the Ethernet frame of the ring's current frame. */
  #address(at: number, mac: number): Address {
    const { addresses, memory } = this.#ring;
    // Kernels lay out frames alike; should one not, an address is made.
    return mac === at + MAC ? addresses[this.#turn]! : memory.address + BigInt(mac);
  }

  /** The kernel took the tag out. The frame stands 4 bytes behind `start`; the addresses go to the
   * front, the tag between them and the rest. */
  #restoreTag(view: DataView, start: number, at: number, status: number): void {
    const { halves } = this.#ring.memory;
    for (let i = 0; i < MAC_ADDRESSES; i += 4) {
      view.setInt32(start + i, view.getInt32(start + VLAN_TAG + i));
    }
    const typed = status & STATUS_VLAN_TYPE;
    const type = typed ? halves[(at >> 1) + VLAN_TYPE_HALF]! : ETHERTYPE_VLAN;
    view.setUint16(start + MAC_ADDRESSES, type);
    view.setUint16(start + MAC_ADDRESSES + 2, halves[(at >> 1) + VLAN_TAG_HALF]!);
  }

  /** A super-frame, or one that did not fit into the ring. False when it needs a row and there is
   * none. */
  #takeLong(pool: PacketPool, batch: Batch, iface: number, at: number, status: number): boolean {
    const { bytes, words, halves } = this.#ring.memory;
    const mac = at + halves[(at >> 1) + MAC_HALF]!;
    const length = words[(at >> 2) + LENGTH_WORD]!;
    const left = this.#whole ? offloadOf(bytes, mac, length) : 0;
    const tag = status & STATUS_VLAN ? VLAN_TAG : 0;
    if (left === 0 || length + tag > pool.frameMax) {
      this.#takeToCut(pool, at, status);
      return true;
    }
    const row = pool.allocate();
    if (row < 0) return false;
    const start = pool.open(row, iface, length + tag);
    const captured = words[(at >> 2) + CAPTURED_WORD] === length;
    if (captured) {
      const { memory } = this.#ring;
      this.#poolMemory.copyIn(pool, row, tag, memory, mac, this.#address(at, mac), length);
    } else if (!this.#fetchInto(pool, row, tag, length, status)) {
      this.#counts[RECEIVE_DROPS]!++;
      pool.release(row);
      return true;
    }
    if (tag !== 0) this.#restoreTag(pool.view, start, at, status);
    leaveWork(pool, row, left, tag);
    batch.push(row);
    return true;
  }

  /** The same, there to be cut afterwards. */
  #takeToCut(pool: PacketPool, at: number, status: number): void {
    const { bytes, words, halves } = this.#ring.memory;
    const mac = at + halves[(at >> 1) + MAC_HALF]!;
    const offload = mac - OFFLOAD_HEADER;
    const kind = bytes[offload + OFFLOAD_KIND]!;
    const length = words[(at >> 2) + LENGTH_WORD]!;
    const captured = words[(at >> 2) + CAPTURED_WORD] === length;
    const room = this.#long.bytes.length - LONG_AT;
    const there = captured
      ? this.#bring(at, mac, length)
      : this.#fetch(this.#longHeaderAt, length, room, status);
    if (!there || kind === KIND_PLAIN) {
      this.#counts[kind === KIND_PLAIN ? RECEIVE_TOO_LONG : RECEIVE_DROPS]!++;
      return;
    }
    const tag = status & STATUS_VLAN ? VLAN_TAG : 0;
    const start = LONG_AT - tag;
    const long = this.#long;
    if (tag !== 0) this.#restoreTag(long.view, start, at, status);
    const known = bytes[offload + OFFLOAD_FLAGS]! & CHECKSUM_NEEDED;
    const checksumStart = halves[(offload + OFFLOAD_CHECKSUM_START) >> 1]! + tag;
    const size = halves[(offload + OFFLOAD_SEGMENT) >> 1]!;
    if (!long.begin(start, length + tag, kind, size, known ? checksumStart : 0)) {
      this.#counts[RECEIVE_ERRORS]!++;
    } else if (long.segmentMax > pool.frameMax) {
      this.#counts[RECEIVE_TOO_LONG]! += long.left;
      long.left = 0;
    }
  }

  /** A short super-frame, from the ring. */
  #bring(at: number, mac: number, length: number): boolean {
    this.#system.memcpy(this.#longAt, this.#address(at, mac), length);
    return true;
  }

  /** A long one, from the socket's queue into a row's slot. */
  #fetchInto(pool: PacketPool, row: number, tag: number, length: number, status: number): boolean {
    const headerAt = this.#poolMemory.offloadHeaderOf(row, tag);
    return this.#fetch(headerAt, length, pool.frameMax - tag, status);
  }

  /** A long one, from the socket's queue: its offload header to `headerAt`, itself behind that,
   * where there are `room` bytes; false when it is not there, as the queue was full. */
  #fetch(headerAt: Address, length: number, room: number, status: number): boolean {
    if ((status & STATUS_COPY) === 0) return false;
    for (;;) {
      const got = this.#system.recv(this.#fd, headerAt, room + OFFLOAD_HEADER, MSG_DONTWAIT_TRUNC);
      if (got === length + OFFLOAD_HEADER) return length <= room;
      // Another length was left behind by a frame of the ring that we have not seen; an error is
      // one the socket kept, and gone now.
      if (got === -EAGAIN) return false;
    }
  }
}

/** The row keeps what is left to do, for whoever sends it; its IP header is known with that. */
function leaveWork(pool: PacketPool, row: number, left: number, tag: number): void {
  pool.offload[row] = left;
  pool.l3[row] = pool.start[row]! + tag + ETHERNET_LENGTH;
}
