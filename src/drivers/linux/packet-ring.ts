// The ring of received frames that the kernel shares with us: packet(7), PACKET_RX_RING,
// TPACKET_V2. The kernel fills the frames of the ring in turn and gives each to us by a bit of its
// first word; we give it back by writing zero.
//
//   frame   struct tpacket2_hdr | … | offload header (10) | Ethernet frame, as much as fits
//           0                         mac - 10              mac
//
// What does not fit stands in full in the socket's queue as well (PACKET_COPY_THRESH), so the
// frames of the ring are as large as ordinary ones and no larger.

import { MappedMemory } from "./mapped-memory.ts";
import {
  COPY_THRESH,
  RESERVE,
  RX_RING,
  setPacketOption,
  VERSION,
  VNET_HDR,
} from "./packet-socket.ts";
import type { Address, System } from "./sys.ts";

// Bits of a frame's first word.
export const STATUS_USER = 1;
/** The whole frame is in the socket's queue. */
export const STATUS_COPY = 2;
export const STATUS_VLAN = 0x10;
export const STATUS_VLAN_TYPE = 0x40;

// Words and halves of struct tpacket2_hdr.
export const LENGTH_WORD = 1;
export const CAPTURED_WORD = 2;
export const MAC_HALF = 6;
export const VLAN_TAG_HALF = 12;
export const VLAN_TYPE_HALF = 13;

/** Bytes that the kernel leaves free, so that frames begin at a multiple of 8. */
const RESERVED = 4;
/** Where frames begin: the kernel's 66 (header, address, alignment of what follows Ethernet), what
 * is reserved, and the offload header. */
export const MAC = 66 + RESERVED + 10;
/** Of an Ethernet frame around a packet of the MTU, with a VLAN tag that stays inline. */
const LINK_HEADERS = 14 + 4;
const BLOCK = 65536;
const FRAME_MIN = 2048;
const FRAME_ALIGN = 64;
const TPACKET_V2 = 1;

export interface RingSize {
  /** Bytes of one frame in the ring, with what stands before it. */
  readonly frame: number;
  readonly perBlock: number;
  readonly blocks: number;
  readonly frames: number;
}

/** A ring of about `bytes` for frames of that MTU; at least one block. */
export function ringSize(mtu: number, bytes: number): RingSize {
  const needed = MAC + LINK_HEADERS + mtu;
  const aligned = Math.ceil(needed / FRAME_ALIGN) * FRAME_ALIGN;
  const frame = Math.min(Math.max(aligned, FRAME_MIN), BLOCK);
  const blocks = Math.max(1, Math.round(bytes / BLOCK));
  const perBlock = Math.floor(BLOCK / frame);
  return { frame, perBlock, blocks, frames: perBlock * blocks };
}

/** The memory, and where in it the frames are. Whose turn it is, the driver keeps. */
export class PacketRing {
  readonly frames: number;
  readonly memory: MappedMemory;
  /** Offset in bytes of each frame. */
  readonly offsets: Int32Array;
  /** Where the Ethernet frame of each is, with MAC bytes before it. */
  readonly addresses: readonly Address[];

  /** `fd` is a packet socket bound to nothing yet: frames enter from its `bind` on. */
  constructor(system: System, fd: number, size: RingSize, name: string) {
    const { frame, perBlock, blocks, frames } = size;
    const set = (option: number, words: readonly number[], what: string) =>
      setPacketOption(system, fd, option, words, `${what} ${name}`);
    // In this order: the kernel lays out frames by what is set before.
    set(VERSION, [TPACKET_V2], "packet version");
    set(RESERVE, [RESERVED], "frame alignment");
    set(VNET_HDR, [1], "offload header");
    set(COPY_THRESH, [1], "copies of long frames");
    set(RX_RING, [BLOCK, blocks, frame, frames], "receive ring");
    this.frames = frames;
    this.memory = new MappedMemory(system, fd, 0, BLOCK * blocks, `receive ring ${name}`);
    this.offsets = new Int32Array(frames);
    for (let i = 0; i < frames; i++) {
      this.offsets[i] = Math.floor(i / perBlock) * BLOCK + (i % perBlock) * frame;
    }
    const { address } = this.memory;
    this.addresses = Array.from(this.offsets, (offset) => address + BigInt(offset + MAC));
  }
}
