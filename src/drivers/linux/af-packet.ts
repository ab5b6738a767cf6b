// Frames of any Ethernet interface, through the kernel's packet sockets: packet(7). The driver that
// works everywhere. Frames come by a ring of memory shared with the kernel and go out in batches
// straight from the pool.
//
// A packet socket listens in: the kernel's own network stack gets every frame too. It leaves alone
// what is not for an address of its own; `exclusive` keeps all from it.

import type { Batch } from "../../packet/batch.ts";
import type { PacketPool } from "../../packet/packet-pool.ts";
import type { IpAddress } from "../../wire/ip-address.ts";
import { newCounts, RECEIVE_DROPS, readCounts } from "../counts.ts";
import type { Driver, DriverCounters } from "../driver.ts";
import { keepFromKernel } from "./exclusive.ts";
import { FrameSender } from "./frame-sender.ts";
import { Held } from "./held.ts";
import { findEthernet, type NetworkInterface } from "./interface.ts";
import { PacketRing, ringSize } from "./packet-ring.ts";
import {
  ALL_PROTOCOLS,
  bindPacketSocket,
  IGNORE_OUTGOING,
  NO_PROTOCOL,
  openPacketSocket,
  reachWider,
  setBuffer,
  setPacketOption,
  takeDrops,
  VNET_HDR,
  type WiderReach,
} from "./packet-socket.ts";
import { RingReceiver } from "./ring-receiver.ts";
import { takeOnlyVxlan } from "./socket-filter.ts";
import type { System } from "./sys.ts";

export interface AfPacketOptions extends WiderReach {
  /** In the network namespace of the calling thread. */
  readonly interface: string;
  /** The kernel's own network stack gets nothing of what comes in; Linux 6.6. */
  readonly exclusive?: boolean | undefined;
  /** Of what comes in only VXLAN packets to this VTEP (IPv4): an underlay, on which the machine has
   * other traffic too. */
  readonly onlyVxlanTo?: IpAddress | undefined;
  /** What the network card was to do (several segments in one frame, up to 64 KiB, and checksums)
   * may be left to whoever sends the frame: the pool's `offload` column says what. For slots of
   * WHOLE_SLOT_BYTES; what is longer than a slot comes in segments. Not for the underlay. */
  readonly whole?: boolean | undefined;
  /** Memory of the ring, in bytes; 2 MiB when absent, some 1,000 frames. */
  readonly ringBytes?: number | undefined;
}

const RING_BYTES = 2 * 1024 * 1024;
/** Room for frames on their way through the interface's queue. */
const SEND_BYTES = 2 * 1024 * 1024;
/** The same for super-frames. */
const SEND_WORK_BYTES = 16 * 1024 * 1024;
/** Room for super-frames that came: each takes up to 128 KiB of it. */
const QUEUE_BYTES = 8 * 1024 * 1024;

/** Throws a SystemError that says what could not be done: ENODEV without such an interface, EPERM
 * without CAP_NET_RAW and CAP_NET_ADMIN; an Error for an interface that is not Ethernet's. */
export function openAfPacket(options: AfPacketOptions, system: System): Driver {
  const iface = findEthernet(system, options.interface);
  const held = new Held(system);
  try {
    return new AfPacket(iface, options, system, held);
  } catch (error) {
    held.release();
    throw error;
  }
}

class AfPacket implements Driver {
  readonly name: string;
  readonly fd: number;
  readonly #system: System;
  readonly #held: Held;
  readonly #counts = newCounts();
  readonly #receiver: RingReceiver;
  readonly #sender: FrameSender;
  #open = true;

  constructor(iface: NetworkInterface, options: AfPacketOptions, system: System, held: Held) {
    this.name = iface.name;
    this.#system = system;
    this.#held = held;
    // What is sent has sockets of its own, bound to no protocol, so that nothing comes in by them.
    const plain = this.#openOutgoing(iface, SEND_BYTES);
    const work = this.#openOutgoing(iface, SEND_WORK_BYTES);
    setPacketOption(system, work, VNET_HDR, [1], `offload header ${iface.name}`);
    this.#sender = new FrameSender(system, plain, work, this.#counts);
    this.fd = held.fd(openPacketSocket(system, iface.name));
    const size = ringSize(iface.mtu, options.ringBytes ?? RING_BYTES);
    const ring = new PacketRing(system, this.fd, size, iface.name);
    held.add(() => ring.memory.unmap());
    setBuffer(system, this.fd, "receive", QUEUE_BYTES);
    this.#choose(iface, options);
    this.#receiver = new RingReceiver(system, this.fd, ring, this.#counts, options.whole === true);
    if (options.exclusive) keepFromKernel(system, iface, held);
    bindPacketSocket(system, this.fd, ALL_PROTOCOLS, iface);
  }

  receive(pool: PacketPool, batch: Batch, iface: number): number {
    return this.#open ? this.#receiver.receive(pool, batch, iface) : 0;
  }

  transmit(pool: PacketPool, rows: Int32Array, count: number): number {
    return this.#open ? this.#sender.send(pool, rows, count) : 0;
  }

  counters(): DriverCounters {
    if (this.#open) this.#counts[RECEIVE_DROPS]! += takeDrops(this.#system, this.fd);
    return readCounts(this.#counts);
  }

  close(): void {
    if (!this.#open) return;
    this.counters();
    this.#open = false;
    this.#held.release();
  }

  #openOutgoing(iface: NetworkInterface, bytes: number): number {
    const fd = this.#held.fd(openPacketSocket(this.#system, iface.name));
    setBuffer(this.#system, fd, "send", bytes);
    bindPacketSocket(this.#system, fd, NO_PROTOCOL, iface);
    return fd;
  }

  /** Which frames come in, of those at the interface. */
  #choose(iface: NetworkInterface, options: AfPacketOptions): void {
    const { name } = iface;
    const set = (option: number, words: readonly number[], what: string) =>
      setPacketOption(this.#system, this.fd, option, words, `${what} ${name}`);
    set(IGNORE_OUTGOING, [1], "not what is sent");
    const vtep = options.onlyVxlanTo;
    if (vtep !== undefined) takeOnlyVxlan(this.#system, this.fd, vtep, `only VXLAN ${name}`);
    reachWider(this.#system, this.fd, iface, options);
  }
}
