// The far end of a wire: a plain packet socket with none of the drivers' code in it. One system
// call a frame, and the tag that the kernel takes out of a frame is put back by its own message.

import { findInterface } from "../../src/drivers/linux/interface.ts";
import { bindPacketSocket, openPacketSocket } from "../../src/drivers/linux/packet-socket.ts";
import type { System } from "../../src/drivers/linux/sys.ts";
import { must } from "../../src/drivers/linux/system-error.ts";
import type { Unfinished } from "./unfinished.ts";

const SOL_PACKET = 263;
const PACKET_AUXDATA = 8;
const PACKET_VNET_HDR = 15;
const IGNORE_OUTGOING = 23;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const MSG_DONTWAIT = 0x40;
/** Network byte order. */
const ALL_PROTOCOLS = 0x0300;
const STATUS_VLAN = 0x10;
const STATUS_CHECKSUM_MISSING = 8;

const VNET_HEADER = 10;
const ROOM = 70_000;
const CONTROL = 128;

export class Probe {
  /** Of the frames taken, those that the kernel says it has not finished the checksum of. */
  unfinished = 0;
  readonly #system: System;
  readonly #fd: number;
  readonly #frame = new Uint8Array(ROOM);
  readonly #control = new Uint8Array(CONTROL);
  readonly #vector = new Uint8Array(128);
  readonly #message = new Uint8Array(128);
  /** Bytes before each frame taken. */
  #before = 0;

  /** In the namespace of the calling thread. */
  constructor(system: System, name: string) {
    this.#system = system;
    const fd = openPacketSocket(system, name);
    this.#fd = fd;
    const set = (level: number, option: number, value: number) =>
      must(system.setsockopt(fd, level, option, bytesOf(value)), `probe option ${option}`);
    set(SOL_PACKET, PACKET_AUXDATA, 1);
    set(SOL_PACKET, IGNORE_OUTGOING, 1);
    set(SOL_SOCKET, SO_RCVBUFFORCE, 16 * 1024 * 1024);
    bindPacketSocket(system, fd, ALL_PROTOCOLS, findInterface(system, name));
  }

  /** False when the kernel does not take it. */
  send(frame: Uint8Array): boolean {
    // Small arrays may move.
    const bytes = new Uint8Array(Math.max(128, frame.length));
    bytes.set(frame);
    const at = this.#system.addressOf(bytes);
    return this.#system.send(this.#fd, at, frame.length, MSG_DONTWAIT) >= 0;
  }

  /** Sends what a network card would have to finish; the probe takes nothing afterwards. */
  sendUnfinished({ header, frame }: Unfinished): boolean {
    must(this.#system.setsockopt(this.#fd, SOL_PACKET, PACKET_VNET_HDR, bytesOf(1)), "vnet header");
    return this.send(Uint8Array.of(...header, ...frame));
  }

  /** All frames that wait. */
  take(): Uint8Array[] {
    const frames: Uint8Array[] = [];
    for (;;) {
      const frame = this.#next();
      if (frame === undefined) return frames;
      frames.push(frame);
    }
  }

  /** The same with their offload headers, from now on. */
  takeUnfinished(): Unfinished[] {
    must(this.#system.setsockopt(this.#fd, SOL_PACKET, PACKET_VNET_HDR, bytesOf(1)), "vnet header");
    this.#before = VNET_HEADER;
    return this.take().map((bytes) => ({
      header: bytes.slice(0, VNET_HEADER),
      frame: bytes.slice(VNET_HEADER),
    }));
  }

  close(): void {
    this.#system.close(this.#fd);
  }

  #next(): Uint8Array | undefined {
    const at = (bytes: Uint8Array) => this.#system.addressOf(bytes);
    const vector = new DataView(this.#vector.buffer);
    vector.setBigUint64(0, at(this.#frame), true);
    vector.setBigUint64(8, BigInt(ROOM), true);
    const message = new DataView(this.#message.buffer);
    message.setBigUint64(16, at(this.#vector), true);
    message.setBigUint64(24, 1n, true);
    message.setBigUint64(32, at(this.#control), true);
    message.setBigUint64(40, BigInt(CONTROL), true);
    const got = this.#system.recvmmsg(this.#fd, at(this.#message), 1, MSG_DONTWAIT);
    if (got !== 1) return undefined;
    const frame = this.#frame.slice(0, message.getUint32(56, true));
    return this.#withTag(frame);
  }

  /** struct tpacket_auxdata behind a struct cmsghdr of 16 bytes. */
  #withTag(frame: Uint8Array): Uint8Array {
    const view = new DataView(this.#control.buffer, 16);
    const status = view.getUint32(0, true);
    if (status & STATUS_CHECKSUM_MISSING) this.unfinished++;
    if ((status & STATUS_VLAN) === 0) return frame;
    const at = this.#before + 12;
    const tagged = new Uint8Array(frame.length + 4);
    tagged.set(frame.subarray(0, at));
    tagged.set(frame.subarray(at), at + 4);
    const tag = new DataView(tagged.buffer);
    tag.setUint16(at, view.getUint16(18, true));
    tag.setUint16(at + 2, view.getUint16(16, true));
    return tagged;
  }
}

function bytesOf(value: number): Uint8Array {
  return new Uint8Array(Int32Array.of(value).buffer);
}
