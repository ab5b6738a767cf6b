// Frames of an interface before the kernel makes packets of them: AF_XDP, in copy mode. The fast
// driver. What it takes, all frames or VXLAN alone, the kernel's own network stack does not get.
//
// What comes is bytes and nothing else: no word of what a sender left to its network card. An
// unfinished checksum is found by what it holds (spot-unfinished.ts).

import type { Batch } from "../../packet/batch.ts";
import type { PacketPool } from "../../packet/packet-pool.ts";
import type { IpAddress } from "../../wire/ip-address.ts";
import {
  newCounts,
  RECEIVE_DROPS,
  RECEIVE_TOO_LONG,
  RECEIVED,
  readCounts,
  TRANSMIT_DROPS,
  TRANSMIT_TOO_LONG,
  TRANSMITTED,
} from "../counts.ts";
import type { Driver, DriverCounters } from "../driver.ts";
import { Held } from "./held.ts";
import { findEthernet, type NetworkInterface } from "./interface.ts";
import { openPacketSocket, reachWider, type WiderReach } from "./packet-socket.ts";
import { PoolMemory } from "./pool-memory.ts";
import { receiveQueues } from "./receive-queues.ts";
import { buildChecksumSpotter, type ChecksumSpotter } from "./spot-unfinished.ts";
import type { Address, System } from "./sys.ts";
import { ENETDOWN, ENXIO } from "./system-error.ts";
import { type XdpMode, XdpProgram } from "./xdp-program.ts";
import { RING_ENTRIES, XDP_HEADROOM, XdpSocket } from "./xdp-socket.ts";

export interface AfXdpOptions extends WiderReach {
  /** In the network namespace of the calling thread; an MTU of at most 3,500 or so. */
  readonly interface: string;
  /** When absent native, or where that cannot be, generic. */
  readonly mode?: XdpMode | undefined;
  /** Of what comes in only VXLAN packets to this VTEP (IPv4); all else goes the kernel's way. */
  readonly onlyVxlanTo?: IpAddress | undefined;
}

export interface AfXdpDriver extends Driver {
  readonly mode: XdpMode;
  /** What the operator should know, in sentences. */
  readonly notices: readonly string[];
}

/** Throws a SystemError that says what could not be done, EBUSY where another XDP program runs; or
 * an Error, where the interface has more queues than one. */
export function openAfXdp(options: AfXdpOptions, system: System): AfXdpDriver {
  const iface = findEthernet(system, options.interface);
  const queues = receiveQueues(system, iface.name);
  if (queues > 1) {
    throw new Error(
      `${iface.name} receives by ${queues} queues, and AF_XDP takes one: ethtool -L ${iface.name} combined 1`,
    );
  }
  const held = new Held(system);
  try {
    return new AfXdp(iface, options, system, held);
  } catch (error) {
    held.release();
    throw error;
  }
}

const QUEUE = 0;
const MSG_DONTWAIT = 0x40;
const VLAN_TAG = 4;
/** Kicks for one batch; each sends at least 32 frames, or nothing can be sent. */
const KICKS = 16;

class AfXdp implements AfXdpDriver {
  readonly name: string;
  readonly fd: number;
  readonly mode: XdpMode;
  readonly notices: readonly string[];
  readonly #system: System;
  readonly #held: Held;
  readonly #counts = newCounts();
  readonly #poolMemory: PoolMemory;
  readonly #socket: XdpSocket;
  /** Longest frame that the interface takes without a VLAN tag. */
  readonly #transmitMax: number;
  /** Chunks to send from, `#freeCount` of them. */
  readonly #free = new Int32Array(RING_ENTRIES);
  #freeCount = RING_ENTRIES;
  #spotterOf: PacketPool | undefined;
  #spot: ChecksumSpotter = () => undefined;
  #open = true;

  constructor(iface: NetworkInterface, options: AfXdpOptions, system: System, held: Held) {
    this.name = iface.name;
    this.#system = system;
    this.#held = held;
    this.#poolMemory = new PoolMemory(system);
    this.#transmitMax = iface.mtu + 14;
    this.#socket = new XdpSocket(system, iface, held);
    this.fd = this.#socket.fd;
    const { chunkBytes } = this.#socket;
    for (let i = 0; i < RING_ENTRIES; i++) this.#free[i] = (RING_ENTRIES + i) * chunkBytes;
    const program = new XdpProgram(system, iface, { queue: QUEUE, ...options }, held);
    this.mode = program.mode;
    this.notices = noticesOf(program, iface, this.#socket.frameMax);
    reachWider(system, held.fd(openPacketSocket(system, iface.name)), iface, options);
    this.#socket.bind(iface, QUEUE);
    program.give(QUEUE, this.fd);
  }

  receive(pool: PacketPool, batch: Batch, iface: number): number {
    if (!this.#open) return 0;
    this.#settleOn(pool);
    const { rx, fill } = this.#socket;
    const ready = rx.ready();
    const before = batch.count;
    let taken = 0;
    while (taken < ready && !batch.full) {
      const entry = rx.entry(taken);
      const address = rx.memory.words[entry]!;
      if (!this.#take(pool, batch, iface, address, rx.memory.words[entry + 2]!)) break;
      const given = fill.entry(taken);
      fill.memory.words[given] = address & -this.#socket.chunkBytes;
      fill.memory.words[given + 1] = 0;
      taken++;
    }
    if (taken > 0) {
      rx.consume(taken);
      fill.produce(taken);
    }
    const received = batch.count - before;
    this.#counts[RECEIVED]! += received;
    return received;
  }

  transmit(pool: PacketPool, rows: Int32Array, count: number): number {
    if (!this.#open) return 0;
    // Frames would wait in the ring until the interface is up again, and be stale.
    const state = this.#kick();
    if (state === -ENETDOWN || state === -ENXIO) {
      this.#counts[TRANSMIT_DROPS]! += count;
      return 0;
    }
    this.#settleOn(pool);
    this.#reclaim();
    let queued = 0;
    for (let i = 0; i < count; i++) {
      if (this.#enqueue(pool, rows[i]!, queued)) queued++;
    }
    this.#socket.tx.produce(queued);
    this.#flush();
    this.#counts[TRANSMITTED]! += queued;
    return queued;
  }

  counters(): DriverCounters {
    if (this.#open) this.#counts[RECEIVE_DROPS] = this.#socket.drops();
    return readCounts(this.#counts);
  }

  close(): void {
    if (!this.#open) return;
    this.counters();
    this.#open = false;
    this.#held.release();
  }

  /** False when there is no row for the frame. */
  #take(pool: PacketPool, batch: Batch, iface: number, address: number, length: number): boolean {
    if (length > pool.frameMax) {
      this.#counts[RECEIVE_TOO_LONG]!++;
      return true;
    }
    const row = pool.allocate();
    if (row < 0) return false;
    const start = pool.open(row, iface, length);
    const { memory } = this.#socket;
    this.#poolMemory.copyIn(pool, row, 0, memory, address, this.#address(address), length);
    this.#spot(start, start + length);
    batch.push(row);
    return true;
  }

  /** Of a received frame at that offset. */
  #address(offset: number): Address {
    const { memory, receivedAt, chunkBytes } = this.#socket;
    const usual = (offset & (chunkBytes - 1)) === XDP_HEADROOM;
    return usual ? receivedAt[(offset / chunkBytes) | 0]! : memory.address + BigInt(offset);
  }

  /** Copies the frame into a chunk and writes entry `ahead`; false when it cannot go. */
  #enqueue(pool: PacketPool, row: number, ahead: number): boolean {
    const { tx, chunkAt, chunkBytes } = this.#socket;
    const length = pool.length[row]!;
    const start = pool.start[row]!;
    const most = this.#transmitMax + (isTagged(pool.view, start) ? VLAN_TAG : 0);
    if (length > most || length > chunkBytes) {
      this.#counts[TRANSMIT_TOO_LONG]!++;
      return false;
    }
    if (this.#freeCount === 0) {
      this.#counts[TRANSMIT_DROPS]!++;
      return false;
    }
    this.#freeCount--;
    const chunk = this.#free[this.#freeCount]!;
    const { memory } = this.#socket;
    const address = chunkAt[(chunk / chunkBytes) | 0]!;
    const offset = this.#poolMemory.copyOut(pool, row, memory, chunk, address, chunkBytes);
    const { words } = tx.memory;
    const entry = tx.entry(ahead);
    words[entry] = chunk + offset;
    words[entry + 1] = 0;
    words[entry + 2] = length;
    words[entry + 3] = 0;
    return true;
  }

  /** Has the kernel send what is in the ring. What it does not take goes with the next batch. */
  #flush(): void {
    for (let i = 0; i < KICKS && this.#socket.tx.pending() > 0; i++) {
      this.#kick();
      this.#reclaim();
    }
  }

  #kick(): number {
    return this.#system.send(this.fd, 0n, 0, MSG_DONTWAIT);
  }

  /** Chunks that have been sent are free again. */
  #reclaim(): void {
    const { completion, chunkBytes } = this.#socket;
    const { words } = completion.memory;
    const done = completion.ready();
    for (let i = 0; i < done; i++) {
      this.#free[this.#freeCount] = words[completion.entry(i)]! & -chunkBytes;
      this.#freeCount++;
    }
    if (done > 0) completion.consume(done);
  }

  #settleOn(pool: PacketPool): void {
    this.#poolMemory.settleOn(pool);
    if (pool === this.#spotterOf) return;
    this.#spotterOf = pool;
    this.#spot = buildChecksumSpotter(pool.bytes, pool.view);
  }
}

function isTagged(view: DataView, start: number): boolean {
  return view.getUint16(start + 12) === 0x8100;
}

function noticesOf(
  { mode, refused }: XdpProgram,
  { name, mtu }: NetworkInterface,
  frameMax: number,
): string[] {
  const notices: string[] = [];
  if (refused !== undefined) notices.push(`${refused.message}; generic XDP is used instead`);
  if (mode === "generic") {
    notices.push(
      `several segments in one (GSO) cannot come by generic XDP and are lost: where the other end of ${name} is an interface of this machine, ethtool -K PEER tso off gso off`,
    );
  }
  if (mtu + 14 > frameMax) {
    notices.push(
      `frames longer than ${frameMax} bytes cannot come by XDP and are lost: ${name} has an MTU of ${mtu}`,
    );
  }
  return notices;
}
