// Messages of a packet socket, one by one, with what the kernel says beside each: recvmsg(2),
// cmsg(3), packet(7).

import type { System } from "../drivers/linux/sys.ts";

const MSG_DONTWAIT = 0x40;
const ROOM_BYTES = 70_000;
const CONTROL_BYTES = 256;
/** Smaller arrays may be moved by the garbage collector, which would leave a pointer astray. */
const STAYS_BYTES = 128;

// struct msghdr within struct mmsghdr.
const VECTOR = 16;
const VECTOR_COUNT = 24;
const CONTROL = 32;
const CONTROL_LENGTH = 40;
const MESSAGE_LENGTH = 56;
// struct cmsghdr.
const LEVEL = 8;
const TYPE = 12;
const DATA = 16;

const SOL_SOCKET = 1;
const SCM_TIMESTAMPNS = 35;
const SOL_PACKET = 263;
const PACKET_AUXDATA = 8;
/** Bit of the status in struct tpacket_auxdata; the tag is at 16, its kind at 18. */
const STATUS_VLAN = 0x10;

export interface Message {
  readonly bytes: Uint8Array;
  /** When it passed, since 1970. */
  readonly nanos: bigint;
  /** The VLAN tag that was taken out, as it was in the frame. */
  readonly tag: Uint8Array | undefined;
}

export class MessageReader {
  readonly #system: System;
  readonly #fd: number;
  readonly #room = new Uint8Array(ROOM_BYTES);
  readonly #control = new DataView(new ArrayBuffer(CONTROL_BYTES));
  readonly #vector = new DataView(new ArrayBuffer(STAYS_BYTES));
  readonly #header = new DataView(new ArrayBuffer(STAYS_BYTES));

  constructor(system: System, fd: number) {
    this.#system = system;
    this.#fd = fd;
  }

  /** The next one that waits; undefined when none does. */
  next(): Message | undefined {
    this.#layOut();
    const header = this.#addressOf(this.#header);
    if (this.#system.recvmmsg(this.#fd, header, 1, MSG_DONTWAIT) !== 1) return undefined;
    const length = this.#header.getUint32(MESSAGE_LENGTH, true);
    const said = this.#readControl();
    return { bytes: this.#room.slice(0, Math.min(length, ROOM_BYTES)), ...said };
  }

  /** The kernel changes some of it with each message. */
  #layOut(): void {
    this.#vector.setBigUint64(0, this.#system.addressOf(this.#room), true);
    this.#vector.setBigUint64(8, BigInt(ROOM_BYTES), true);
    this.#header.setBigUint64(VECTOR, this.#addressOf(this.#vector), true);
    this.#header.setBigUint64(VECTOR_COUNT, 1n, true);
    this.#header.setBigUint64(CONTROL, this.#addressOf(this.#control), true);
    this.#header.setBigUint64(CONTROL_LENGTH, BigInt(CONTROL_BYTES), true);
  }

  #readControl(): Omit<Message, "bytes"> {
    const view = this.#control;
    const end = Number(this.#header.getBigUint64(CONTROL_LENGTH, true));
    let nanos = 0n;
    let tag: Uint8Array | undefined;
    for (let at = 0; at + DATA <= end; ) {
      const length = Number(view.getBigUint64(at, true));
      if (length < DATA) break;
      const level = view.getUint32(at + LEVEL, true);
      const type = view.getUint32(at + TYPE, true);
      if (level === SOL_SOCKET && type === SCM_TIMESTAMPNS) {
        const seconds = view.getBigUint64(at + DATA, true);
        nanos = seconds * 1_000_000_000n + view.getBigUint64(at + DATA + 8, true);
      }
      if (level === SOL_PACKET && type === PACKET_AUXDATA) tag = this.#readTag(at + DATA);
      at += Math.ceil(length / 8) * 8;
    }
    return { nanos, tag };
  }

  /** struct tpacket_auxdata. */
  #readTag(at: number): Uint8Array | undefined {
    if ((this.#control.getUint32(at, true) & STATUS_VLAN) === 0) return undefined;
    const tag = new DataView(new ArrayBuffer(4));
    tag.setUint16(0, this.#control.getUint16(at + 18, true));
    tag.setUint16(2, this.#control.getUint16(at + 16, true));
    return new Uint8Array(tag.buffer);
  }

  #addressOf(view: DataView): bigint {
    return this.#system.addressOf(new Uint8Array(view.buffer));
  }
}
