// A socket that takes and gives frames in memory of ours (UMEM), cut into chunks: AF_XDP of the
// kernel's documentation. Four rings say whose a chunk is: receive and transmit carry frames, fill
// gives the kernel chunks to receive into, completion gives back those it has sent.

import { addressesFrom } from "./addresses.ts";
import type { Held } from "./held.ts";
import type { NetworkInterface } from "./interface.ts";
import { MappedMemory } from "./mapped-memory.ts";
import type { Address, System } from "./sys.ts";
import { EBUSY, must } from "./system-error.ts";
import { RING_OFFSETS, XdpRing } from "./xdp-ring.ts";

const AF_XDP = 44;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const SOL_XDP = 283;
const MMAP_OFFSETS = 1;
const RX_RING = 2;
const TX_RING = 3;
const UMEM_REG = 4;
const FILL_RING = 5;
const COMPLETION_RING = 6;
const STATISTICS = 7;
const MAX_TX_BUDGET = 9;
/** Where mmap(2) finds the rings. */
const PLACES = { rx: 0, tx: 0x80000000, fill: 0x100000000, completion: 0x180000000 };
const BIND_COPY = 2;
/** struct xdp_desc: address u64, length u32, options u32. */
const DESCRIPTOR = 16;
const CHUNK_ADDRESS = 8;
/** Before each frame received, for programs that push headers. */
export const XDP_HEADROOM = 256;
/** Frames that one kick sends at most. */
const BUDGET = 1024;

const PATIENCE_MILLIS = 1000;
const NAP = new Int32Array(new SharedArrayBuffer(4));

/** Frames that wait in one direction, at most; a power of two. */
export const RING_ENTRIES = 1024;

export class XdpSocket {
  readonly fd: number;
  readonly chunkBytes: number;
  /** Chunks for receiving, RING_ENTRIES of them, then as many for sending. */
  readonly memory: MappedMemory;
  /** Of each chunk, and where the kernel puts a frame into it. */
  readonly chunkAt: readonly Address[];
  readonly receivedAt: readonly Address[];
  readonly rx: XdpRing;
  readonly tx: XdpRing;
  readonly fill: XdpRing;
  readonly completion: XdpRing;
  readonly #system: System;

  /** Bound to nothing yet; nothing moves before `bind`. Throws a SystemError. */
  constructor(system: System, { name, mtu }: NetworkInterface, held: Held) {
    const what = (part: string) => `XDP ${name}: ${part}`;
    this.#system = system;
    this.chunkBytes = chunkFor(mtu);
    this.fd = held.fd(must(system.socket(AF_XDP, SOCK_RAW_CLOEXEC, 0), what("socket")));
    this.memory = new MappedMemory(
      system,
      -1,
      0,
      2 * RING_ENTRIES * this.chunkBytes,
      what("memory for frames"),
    );
    held.add(() => this.memory.unmap());
    const { address } = this.memory;
    const received = address + BigInt(XDP_HEADROOM);
    this.chunkAt = addressesFrom(address, 2 * RING_ENTRIES, this.chunkBytes);
    this.receivedAt = addressesFrom(received, RING_ENTRIES, this.chunkBytes);
    this.#registerMemory(what("memory for frames"));
    for (const option of [RX_RING, TX_RING, FILL_RING, COMPLETION_RING]) {
      must(this.#set(option, [RING_ENTRIES]), what("ring"));
    }
    // Older kernels send 32 and have no such option.
    this.#set(MAX_TX_BUDGET, [BUDGET]);
    const offsets = new Uint8Array(4 * RING_OFFSETS);
    must(system.getsockopt(this.fd, SOL_XDP, MMAP_OFFSETS, offsets), what("offsets"));
    const ring = (place: number, part: number, entry: number) => {
      const own = new DataView(offsets.buffer, part * RING_OFFSETS, RING_OFFSETS);
      const made = new XdpRing(system, this.fd, place, own, RING_ENTRIES, entry, what("ring"));
      held.add(() => made.memory.unmap());
      return made;
    };
    this.rx = ring(PLACES.rx, 0, DESCRIPTOR);
    this.tx = ring(PLACES.tx, 1, DESCRIPTOR);
    this.fill = ring(PLACES.fill, 2, CHUNK_ADDRESS);
    this.completion = ring(PLACES.completion, 3, CHUNK_ADDRESS);
    this.#giveAll();
  }

  /** Longest frame that can be received or sent, in bytes. */
  get frameMax(): number {
    return this.chunkBytes - XDP_HEADROOM;
  }

  /** The kernel needs a moment until a queue whose socket was closed is free. Throws a SystemError,
   * EBUSY when it stays somebody else's. */
  bind({ name, index }: NetworkInterface, queue: number): void {
    // struct sockaddr_xdp: family u16, flags u16, interface u32, queue u32, shared socket u32.
    const address = new Uint8Array(16);
    const view = new DataView(address.buffer);
    view.setUint16(0, AF_XDP, true);
    view.setUint16(2, BIND_COPY, true);
    view.setUint32(4, index, true);
    view.setUint32(8, queue, true);
    let bound = this.#system.bind(this.fd, address);
    for (let waited = 0; bound === -EBUSY && waited < PATIENCE_MILLIS; waited++) {
      Atomics.wait(NAP, 0, 0, 1);
      bound = this.#system.bind(this.fd, address);
    }
    must(bound, `XDP ${name}: bind to queue ${queue}`);
  }

  /** Frames that came and found no chunk or no room in the ring, since the socket was made. */
  drops(): number {
    const value = new Uint8Array(48);
    must(this.#system.getsockopt(this.fd, SOL_XDP, STATISTICS, value), "XDP statistics");
    const view = new DataView(value.buffer);
    // struct xdp_statistics: dropped, invalid (2), receive ring full, …
    return Number(view.getBigUint64(0, true) + view.getBigUint64(24, true));
  }

  /** struct xdp_umem_reg: address u64, length u64, chunk u32, headroom u32, flags u32. */
  #registerMemory(what: string): void {
    const value = new Uint8Array(32);
    const view = new DataView(value.buffer);
    view.setBigUint64(0, this.memory.address, true);
    view.setBigUint64(8, BigInt(this.memory.bytes.length), true);
    view.setUint32(16, this.chunkBytes, true);
    must(this.#system.setsockopt(this.fd, SOL_XDP, UMEM_REG, value), what);
  }

  #set(option: number, words: readonly number[]): number {
    const value = new Uint8Array(Int32Array.from(words).buffer);
    return this.#system.setsockopt(this.fd, SOL_XDP, option, value);
  }

  /** The kernel gets every chunk for receiving. */
  #giveAll(): void {
    for (let i = 0; i < RING_ENTRIES; i++) {
      const at = this.fill.entry(i);
      this.fill.memory.words[at] = i * this.chunkBytes;
      this.fill.memory.words[at + 1] = 0;
    }
    this.fill.produce(RING_ENTRIES);
  }
}

/** A frame of that MTU with two VLAN tags fits behind the headroom; the kernel takes no more than a
 * page. */
function chunkFor(mtu: number): number {
  return mtu + 14 + 8 + XDP_HEADROOM <= 2048 ? 2048 : 4096;
}
