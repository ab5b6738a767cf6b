// Data path.
// Packets that are ready to go and wait until it is known where their next hop is. Few for each, as
// whoever does not answer gets none of them (RFC 4861, 7.2.2: at least one; the oldest give way).

import type { Memory } from "../base/arena.ts";
import { WaitingRoom } from "./waiting-room.ts";

/** Most packets for one neighbor. */
export const HELD_EACH = 16;
const NONE = -1;

function ignore(): void {}

export class HeldPackets {
  readonly room: WaitingRoom;
  /** Whether what is held from now on is the gateway's own. */
  holdsOwn = 0;
  /** Told of each cell whose packet will not go, while it is still there. */
  onLost: (cell: number) => void = ignore;
  /** Nobody gives way for now: what comes in is taken back. */
  overfull = false;
  /** By cell: bytes before the packet in what is stored. */
  readonly lead: Uint8Array;
  /** By cell: 1 for a packet of the gateway's own, which nobody counts. */
  readonly own: Uint8Array;
  /** By cell: as the pool's columns of these names. */
  readonly offload: Int32Array;
  readonly vpc: Int32Array;
  readonly toVpc: Int32Array;
  readonly direction: Int32Array;
  readonly sourcePort: Int32Array;
  readonly destinationPort: Int32Array;
  /** By entry of the neighbor table: its first and last cell, and how many there are. */
  readonly #first: Int32Array;
  readonly #last: Int32Array;
  /** More than HELD_EACH are there while one that is only tried out is in pieces. */
  readonly #counts: Uint16Array;

  /** Most packets in all, and most neighbors. */
  constructor(capacity: number, neighbors: number, memory: Memory) {
    this.room = new WaitingRoom(capacity, memory);
    this.lead = new Uint8Array(capacity);
    this.own = new Uint8Array(capacity);
    this.offload = new Int32Array(capacity);
    this.vpc = new Int32Array(capacity);
    this.toVpc = new Int32Array(capacity);
    this.direction = new Int32Array(capacity);
    this.sourcePort = new Int32Array(capacity);
    this.destinationPort = new Int32Array(capacity);
    this.#first = new Int32Array(neighbors).fill(NONE);
    this.#last = new Int32Array(neighbors).fill(NONE);
    this.#counts = new Uint16Array(neighbors);
  }

  /** Whether the neighbor has as many as it may. */
  isFull(entry: number): boolean {
    return this.#counts[entry]! >= HELD_EACH && !this.overfull;
  }

  /** How many the neighbor has. */
  count(entry: number): number {
    return this.#counts[entry]!;
  }

  /** Keeps the packet from byte `packet` to `end`; its cell, or -1 when there is no room. */
  hold(entry: number, words: Int32Array, packet: number, end: number, rxInterface: number): number {
    const lead = packet & 3;
    const cell = this.room.store(words, packet >> 2, lead + end - packet, rxInterface);
    if (cell < 0) return NONE;
    this.lead[cell] = lead;
    this.own[cell] = this.holdsOwn;
    this.#append(entry, cell);
    return cell;
  }

  /** The neighbor's oldest packet, which is then the caller's to free; -1 for none. */
  take(entry: number): number {
    const cell = this.#first[entry]!;
    if (cell < 0) return NONE;
    this.#first[entry] = this.room.next[cell]!;
    this.#counts[entry] = this.#counts[entry]! - 1;
    this.room.next[cell] = NONE;
    return cell;
  }

  /** Takes back the packet in the cell, which was the last that came to its neighbor. */
  takeBack(cell: number): void {
    let entry = 0;
    while (this.#last[entry] !== cell || this.#counts[entry] === 0) entry++;
    const count = this.#counts[entry]!;
    this.#counts[entry] = count - 1;
    this.room.free(cell);
    let last = count === 1 ? NONE : this.#first[entry]!;
    if (last === NONE) this.#first[entry] = NONE;
    for (let i = 2; i < count; i++) last = this.room.next[last]!;
    this.#last[entry] = last;
    if (last !== NONE) this.room.next[last] = NONE;
  }

  #append(entry: number, cell: number): void {
    if (this.#first[entry]! < 0) this.#first[entry] = cell;
    else this.room.next[this.#last[entry]!] = cell;
    this.#last[entry] = cell;
    this.#counts[entry] = this.#counts[entry]! + 1;
  }

  /** Visits every cell; where `visit` says false the packet is given up. */
  each(visit: (cell: number) => boolean): void {
    for (let entry = 0; entry < this.#first.length; entry++) {
      const count = this.#counts[entry]!;
      for (let i = 0; i < count; i++) {
        const cell = this.take(entry);
        if (visit(cell)) this.#append(entry, cell);
        else this.giveUp(cell);
      }
    }
  }

  /** The packet in the cell does not go. */
  giveUp(cell: number): void {
    if (this.own[cell]! === 0) this.onLost(cell);
    this.room.free(cell);
  }
}
