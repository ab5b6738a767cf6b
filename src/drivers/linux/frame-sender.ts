// Data path.
// Frames out of the pool in batches: sendmmsg(2). The kernel reads them where they lie.

import type { PacketPool } from "../../packet/packet-pool.ts";
import { type Counts, TRANSMIT_DROPS, TRANSMIT_TOO_LONG, TRANSMITTED } from "../counts.ts";
import { addressesFrom } from "./addresses.ts";
import { IoVectors } from "./io-vectors.ts";
import { PoolMemory } from "./pool-memory.ts";
import type { Address, System } from "./sys.ts";
import { EINVAL, EMSGSIZE } from "./system-error.ts";

/** Frames of one call. Twice as many are hardly quicker, measured. */
const MESSAGES = 64;
// struct mmsghdr: struct msghdr (56 bytes; the vectors at 16, how many at 24), then what was sent.
const MESSAGE = 64;
const MSG_DONTWAIT = 0x40;

export class FrameSender {
  readonly #system: System;
  readonly #fd: number;
  readonly #counts: Counts;
  readonly #vectors: IoVectors;
  readonly #messages = new Uint8Array(MESSAGES * MESSAGE);
  /** Of each message. */
  readonly #messagesAt: readonly Address[];
  readonly #poolMemory: PoolMemory;

  /** Sends through `fd`, which is bound, stays the caller's, and is a socket that keeps frames
   * apart. */
  constructor(system: System, fd: number, counts: Counts) {
    this.#system = system;
    this.#fd = fd;
    this.#counts = counts;
    this.#poolMemory = new PoolMemory(system);
    this.#vectors = new IoVectors(system, MESSAGES);
    const at = system.addressOf(this.#messages);
    this.#messagesAt = addressesFrom(at, MESSAGES, MESSAGE);
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
    const { base } = this.#poolMemory;
    const { start, length } = pool;
    for (let i = 0; i < many; i++) {
      const row = rows[first + i]!;
      vectors.point(i, base + start[row]!, length[row]!);
    }
  }

  /** How many of the first `many` messages the kernel took. It stops at the first that it cannot
   * take: that one is passed over when it alone is the trouble; otherwise the rest is lost too. */
  #hand(many: number): number {
    let done = 0;
    let sent = 0;
    while (done < many) {
      const at = this.#messagesAt[done]!;
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
    for (let i = 0; i < MESSAGES; i++) {
      view.setBigUint64(i * MESSAGE + 16, this.#vectors.addressOf(i), true);
      view.setUint32(i * MESSAGE + 24, 1, true);
    }
  }
}
