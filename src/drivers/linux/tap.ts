// An interface of this machine whose other end is the gateway: what the kernel sends there the
// driver receives, and the other way round. tuntap of the kernel's documentation. One system call a
// frame, straight into the pool and out of it. Frames are whole by themselves: as the driver does
// not offer to, the kernel leaves no checksum and no cutting to it.

import { closeSync, constants, openSync } from "node:fs";
import type { Batch } from "../../packet/batch.ts";
import type { PacketPool } from "../../packet/packet-pool.ts";
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
import { findInterface, interfaceRequest } from "./interface.ts";
import { IoVectors } from "./io-vectors.ts";
import { transmitDropped } from "./link-statistics.ts";
import { NetlinkSocket } from "./netlink-socket.ts";
import { PoolMemory } from "./pool-memory.ts";
import type { System } from "./sys.ts";
import { must } from "./system-error.ts";

export interface TapOptions {
  /** Made in the network namespace of the calling thread when there is none of that name, and then
   * gone when the driver is closed. Up to 15 bytes. */
  readonly interface: string;
}

const DEVICE = "/dev/net/tun";
const TUNSETIFF = 0x400454ca;
const SIOCGIFFLAGS = 0x8913;
const SIOCSIFFLAGS = 0x8914;
const IFF_UP = 1;
const IFF_TAP_NO_PI = 0x1002;
const FLAGS = 16;
/** Longest IP packet, and what may stand before it. */
const FRAME_MAX = 65_535 + 14 + 4;
/** Behind what a slot takes: who fills it is too long. */
const BEYOND = 64;

/** Throws a SystemError (EPERM without CAP_NET_ADMIN), or Node's when there is no /dev/net/tun. */
export function openTap(options: TapOptions, system: System): Driver {
  const held = new Held(system);
  try {
    return new Tap(options.interface, system, held);
  } catch (error) {
    held.release();
    throw error;
  }
}

class Tap implements Driver {
  readonly name: string;
  readonly fd: number;
  readonly #system: System;
  readonly #held: Held;
  readonly #counts = newCounts();
  readonly #poolMemory: PoolMemory;
  readonly #statistics: NetlinkSocket;
  readonly #link: number;
  /** What the kernel had dropped before. */
  readonly #dropped: number;
  /** Where a frame comes: a slot, and what does not fit into it. */
  readonly #in: IoVectors;
  /** Where a frame goes from. */
  readonly #out: IoVectors;
  readonly #beyond = new Uint8Array(2 * BEYOND);
  #open = true;

  constructor(name: string, system: System, held: Held) {
    this.name = name;
    this.#system = system;
    this.#held = held;
    this.#poolMemory = new PoolMemory(system);
    this.fd = openSync(DEVICE, constants.O_RDWR | constants.O_NONBLOCK);
    held.add(() => closeSync(this.fd));
    const [request, view] = interfaceRequest(name);
    view.setUint16(FLAGS, IFF_TAP_NO_PI, true);
    must(system.ioctl(this.fd, TUNSETIFF, request), `tap ${name}`);
    this.#link = findInterface(system, name).index;
    this.#statistics = new NetlinkSocket(system, 0);
    held.add(() => this.#statistics.close());
    this.#dropped = transmitDropped(this.#statistics, this.#link) ?? 0;
    switchOn(system, this.#statistics.fd, name);
    this.#in = new IoVectors(system, 2);
    this.#in.point(1, Number(system.addressOf(this.#beyond)), BEYOND);
    this.#out = new IoVectors(system, 1);
  }

  receive(pool: PacketPool, batch: Batch, iface: number): number {
    if (!this.#open) return 0;
    this.#poolMemory.settleOn(pool);
    const before = batch.count;
    while (!batch.full) {
      const row = pool.allocate();
      if (row < 0) break;
      const start = pool.open(row, iface, 0);
      this.#in.point(0, this.#poolMemory.base + start, pool.frameMax);
      const length = this.#system.readv(this.fd, this.#in.address, 2);
      if (length > 0 && length <= pool.frameMax) {
        pool.length[row] = length;
        batch.push(row);
        continue;
      }
      pool.release(row);
      if (length > 0) this.#counts[RECEIVE_TOO_LONG]!++;
      else break;
    }
    const received = batch.count - before;
    this.#counts[RECEIVED]! += received;
    return received;
  }

  transmit(pool: PacketPool, rows: Int32Array, count: number): number {
    if (!this.#open) return 0;
    this.#poolMemory.settleOn(pool);
    let sent = 0;
    for (let i = 0; i < count; i++) {
      const row = rows[i]!;
      if (this.#send(this.#poolMemory.base + pool.start[row]!, pool.length[row]!)) sent++;
    }
    this.#counts[TRANSMITTED]! += sent;
    return sent;
  }

  counters(): DriverCounters {
    if (this.#open) {
      const dropped = transmitDropped(this.#statistics, this.#link);
      if (dropped !== undefined) this.#counts[RECEIVE_DROPS] = dropped - this.#dropped;
    }
    return readCounts(this.#counts);
  }

  close(): void {
    if (!this.#open) return;
    this.counters();
    this.#open = false;
    this.#held.release();
  }

  #send(at: number, length: number): boolean {
    if (length > FRAME_MAX) {
      this.#counts[TRANSMIT_TOO_LONG]!++;
      return false;
    }
    this.#out.point(0, at, length);
    if (this.#system.writev(this.fd, this.#out.address, 1) >= 0) return true;
    this.#counts[TRANSMIT_DROPS]!++;
    return false;
  }
}

/** `socket` is any one in the interface's namespace. */
function switchOn(system: System, socket: number, name: string): void {
  const [request, view] = interfaceRequest(name);
  must(system.ioctl(socket, SIOCGIFFLAGS, request), `tap ${name}`);
  view.setUint16(FLAGS, view.getUint16(FLAGS, true) | IFF_UP, true);
  must(system.ioctl(socket, SIOCSIFFLAGS, request), `tap ${name} up`);
}
