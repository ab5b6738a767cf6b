// Frames that pass an interface, kept until they are asked for. A socket of its own and no other
// program: it listens from the moment it is made, misses nothing as long as its buffer lasts, and
// says so when it does not. packet(7).
//
// The kernel also shows frames whose transport checksum was left to a network card. Here they are
// finished, as the card would have done, so that a judge may ask for right checksums in all frames.
// Super-frames, which a card would have cut, are kept as they are.

import { writeFileSync } from "node:fs";
import { LINK_ETHERNET } from "../drivers/capture.ts";
import { findEthernet } from "../drivers/linux/interface.ts";
import { OFFLOAD_HEADER } from "../drivers/linux/offload.ts";
import {
  ALL_PROTOCOLS,
  bindPacketSocket,
  IGNORE_OUTGOING,
  openPacketSocket,
  setBuffer,
  setPacketOption,
  takeDrops,
  VNET_HDR,
} from "../drivers/linux/packet-socket.ts";
import type { System } from "../drivers/linux/sys.ts";
import { must } from "../drivers/linux/system-error.ts";
import { PcapngWriter } from "../drivers/pcapng-write.ts";
import { finishFrame } from "./finish-frame.ts";
import { MessageReader } from "./message-reader.ts";

const SOL_SOCKET = 1;
const SO_TIMESTAMPNS = 35;
const AUXDATA = 8;
const BUFFER_BYTES = 128 * 1024 * 1024;

export interface LabFrame {
  /** Since 1970, in nanoseconds. */
  readonly nanos: bigint;
  readonly bytes: Uint8Array;
  /** The sender had left its checksum to the network card. */
  readonly unfinished: boolean;
}

export class Capture {
  readonly iface: string;
  /** All frames taken so far. */
  readonly frames: LabFrame[] = [];
  readonly #system: System;
  readonly #reader: MessageReader;
  #fd: number;

  /** In the namespace of the calling thread. `inbound`: without frames that are sent here. Throws a
   * SystemError. */
  constructor(system: System, iface: string, inbound: boolean) {
    this.#system = system;
    this.iface = iface;
    const fd = openPacketSocket(system, iface);
    this.#fd = fd;
    this.#reader = new MessageReader(system, fd);
    const set = (option: number, value: number) =>
      setPacketOption(system, fd, option, [value], `capture at ${iface}`);
    try {
      set(AUXDATA, 1);
      set(VNET_HDR, 1);
      if (inbound) set(IGNORE_OUTGOING, 1);
      const on = new Uint8Array(Int32Array.of(1).buffer);
      must(system.setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, on), `capture at ${iface}`);
      setBuffer(system, fd, "receive", BUFFER_BYTES);
      bindPacketSocket(system, fd, ALL_PROTOCOLS, findEthernet(system, iface));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Frames since the last call. Throws an Error when some have been lost. */
  take(): LabFrame[] {
    if (this.#fd < 0) return [];
    const fresh: LabFrame[] = [];
    for (;;) {
      const message = this.#reader.next();
      if (message === undefined) break;
      const { nanos, bytes } = message;
      const unfinished = finishFrame(bytes);
      const frame = withTag(bytes.subarray(OFFLOAD_HEADER), message.tag);
      fresh.push({ nanos, bytes: frame, unfinished });
    }
    const lost = takeDrops(this.#system, this.#fd);
    if (lost > 0) throw new Error(`the capture at ${this.iface} has lost ${lost} frames`);
    for (const frame of fresh) this.frames.push(frame);
    return fresh;
  }

  /** Takes what waits and ends; gives all frames. */
  stop(): readonly LabFrame[] {
    try {
      this.take();
    } finally {
      this.close();
    }
    return this.frames;
  }

  /** Without taking what waits; may be called again. */
  close(): void {
    if (this.#fd >= 0) this.#system.close(this.#fd);
    this.#fd = -1;
  }

  /** All frames taken, as a pcapng file. */
  save(file: string): void {
    const blocks: Uint8Array[] = [];
    const writer = new PcapngWriter((block) => blocks.push(block));
    const iface = writer.interface(this.iface, LINK_ETHERNET);
    for (const { nanos, bytes } of this.frames) writer.packet({ iface, nanos, bytes });
    writeFileSync(file, Buffer.concat(blocks));
  }
}

/** The kernel takes the first VLAN tag out of a frame. */
function withTag(frame: Uint8Array, tag: Uint8Array | undefined): Uint8Array {
  if (tag === undefined) return frame;
  const tagged = new Uint8Array(frame.length + tag.length);
  tagged.set(frame.subarray(0, 12));
  tagged.set(tag, 12);
  tagged.set(frame.subarray(12), 12 + tag.length);
  return tagged;
}
