// Data path.
// Frames out of the pool in batches: sendmmsg(2). The kernel reads them where they lie.

import type { PacketPool } from "../../packet/packet-pool.ts";
import { type Counts, TRANSMIT_DROPS, TRANSMIT_TOO_LONG, TRANSMITTED } from "../counts.ts";
import { PoolMemory } from "./pool-memory.ts";
import type { Address, System } from "./sys.ts";
import { EINVAL, EMSGSIZE } from "./system-error.ts";

/** Frames of one call. Twice as many are hardly quicker, measured. */
const MESSAGES = 64;
// struct mmsghdr: struct msghdr (56 bytes; the vectors at 16, how many at 24), then what was sent.
const MESSAGE = 64;
/** struct iovec: an address and a length, 8 bytes each. */
const VECTOR = 16;
const TWO_TO_32 = 4294967296;
const MSG_DONTWAIT = 0x40;

export class FrameSender {
  readonly #system: System;
  readonly #fd: number;
  readonly #counts: Counts;
  readonly #vectors = new Int32Array((MESSAGES * VECTOR) / 4);
  readonly #messages = new Uint8Array(MESSAGES * MESSAGE);
  readonly #messagesAt: Address;
  readonly #poolMemory: PoolMemory;

  /** Sends through `fd`, which is bound, stays the caller's, and is a socket that keeps frames
   * apart. */
  constructor(system: System, fd: number, counts: Counts) {
    this.#system = system;
    this.#fd = fd;
    this.#counts = counts;
    this.#poolMemory = new PoolMemory(system);
    this.#messagesAt = system.addressOf(this.#messages);
    this.#writeMessages();
  }

  /** As a driver's `transmit`. */
  send(pool: PacketPool, rows: Int32Array, count: number): number {
    this.#poolMemory.settleOn(pool);
    let sent = 0;
    for (let first = 0; first < count; first += MESSAGES) {
      const many = count - first < MESSAGES ? count - first : MESSAGES;
      this.#point(pool, rows, first, many);
      sent += this.#hand(many);
    }
    this.#counts[TRANSMITTED]! += sent;
    return sent;
  }

  /** The vectors show the frames of `many` rows. */
  #point(pool: PacketPool, rows: Int32Array, first: number, many: number): void {
    const vectors = this.#vectors;
    const base = this.#poolMemory.address;
    const { start, length } = pool;
    for (let i = 0; i < many; i++) {
      const row = rows[first + i]!;
      const at = base + start[row]!;
      // A store keeps the lower 32 bits.
      vectors[4 * i] = at;
      vectors[4 * i + 1] = at / TWO_TO_32;
      vectors[4 * i + 2] = length[row]!;
    }
  }

  /** How many of the first `many` messages the kernel took. It stops at the first that it cannot
   * take: that one is passed over when it alone is the trouble; otherwise the rest is lost too. */
  #hand(many: number): number {
    let done = 0;
    let sent = 0;
    while (done < many) {
      const at = this.#messagesAt + done * MESSAGE;
      const result = this.#system.sendmmsg(this.#fd, at, many - done, MSG_DONTWAIT);
      if (result > 0) {
        done += result;
        sent += result;
      } else if (result === -EMSGSIZE) {
        done++;
        this.#counts[TRANSMIT_TOO_LONG]!++;
      } else if (result === -EINVAL) {
        // It is shorter than an Ethernet header.
        done++;
        this.#counts[TRANSMIT_DROPS]!++;
      } else {
        this.#counts[TRANSMIT_DROPS]! += many - done;
        done = many;
      }
    }
    return sent;
  }

  /** What stays the same: message i has the one vector i. */
  #writeMessages(): void {
    const view = new DataView(this.#messages.buffer);
    const vectorsAt = this.#system.addressOf(new Uint8Array(this.#vectors.buffer));
    for (let i = 0; i < MESSAGES; i++) {
      const at = vectorsAt + i * VECTOR;
      view.setUint32(i * MESSAGE + 16, at % TWO_TO_32, true);
      view.setUint32(i * MESSAGE + 20, at / TWO_TO_32, true);
      view.setUint32(i * MESSAGE + 24, 1, true);
    }
  }
}
