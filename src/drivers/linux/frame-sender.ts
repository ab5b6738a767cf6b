// Data path.
// Frames out of the pool in batches: sendmmsg(2). The kernel reads them where they lie, behind a
// header that says what is left to do: nothing, or what the row's `offload` column tells.

import type { PacketPool } from "../../packet/packet-pool.ts";
import { type Counts, TRANSMIT_DROPS, TRANSMIT_TOO_LONG, TRANSMITTED } from "../counts.ts";
import { addressesFrom } from "./addresses.ts";
import { IoVectors } from "./io-vectors.ts";
import { OFFLOAD_HEADER } from "./offload.ts";
import { OffloadHeaders } from "./offload-headers.ts";
import { PoolMemory } from "./pool-memory.ts";
import type { Address, System } from "./sys.ts";
import { EINVAL, EMSGSIZE } from "./system-error.ts";

/** Frames of one call. Twice as many are hardly quicker, measured. */
const MESSAGES = 64;
/** Of each message: the offload header, the frame. */
const VECTORS = 2;
// struct mmsghdr: struct msghdr (56 bytes; the vectors at 16, how many at 24), then what was sent.
const MESSAGE = 64;
const MSG_DONTWAIT = 0x40;

export class FrameSender {
  readonly #system: System;
  readonly #fd: number;
  readonly #counts: Counts;
  readonly #vectors: IoVectors;
  readonly #headers: OffloadHeaders;
  readonly #messages = new Uint8Array(MESSAGES * MESSAGE);
  /** Of each message. */
  readonly #messagesAt: readonly Address[];
  readonly #poolMemory: PoolMemory;

  /** Sends through `fd`, a packet socket that is bound, takes offload headers, and stays the
   * caller's. */
  constructor(system: System, fd: number, counts: Counts) {
    this.#system = system;
    this.#fd = fd;
    this.#counts = counts;
    this.#poolMemory = new PoolMemory(system);
    this.#vectors = new IoVectors(system, VECTORS * MESSAGES);
    this.#headers = new OffloadHeaders(system, MESSAGES);
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
    const headers = this.#headers;
    const { base } = this.#poolMemory;
    const { start, length } = pool;
    for (let i = 0; i < many; i++) {
      const row = rows[first + i]!;
      headers.write(i, pool, row);
      vectors.point(VECTORS * i + 1, base + start[row]!, length[row]!);
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

  /** What stays the same: message i has two vectors, the first of them the header i. */
  #writeMessages(): void {
    const view = new DataView(this.#messages.buffer);
    for (let i = 0; i < MESSAGES; i++) {
      this.#vectors.point(VECTORS * i, this.#headers.addressOf(i), OFFLOAD_HEADER);
      view.setBigUint64(i * MESSAGE + 16, this.#vectors.addressOf(VECTORS * i), true);
      view.setUint32(i * MESSAGE + 24, VECTORS, true);
    }
  }
}
