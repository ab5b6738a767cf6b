// Data path.
// Frames out of the pool in batches: sendmmsg(2). The kernel reads them where they lie. Where work
// is left to do, by the `offload` column, all frames of the call have a header before them that
// says what, and go by another socket: ordinary ones are quicker by 30 ns so, measured.

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
/** Of each frame: its offload header, itself. */
const VECTORS = 2;
// struct mmsghdr: struct msghdr (56 bytes; the vectors at 16, how many at 24), then what was sent.
const MESSAGE = 64;
const MSG_DONTWAIT = 0x40;

export class FrameSender {
  readonly #system: System;
  readonly #counts: Counts;
  readonly #vectors: IoVectors;
  readonly #headers: OffloadHeaders;
  /** What a call is given: frames alone, or with their offload headers. */
  readonly #frames: Messages;
  readonly #framesWithHeaders: Messages;
  readonly #poolMemory: PoolMemory;

  /** Sends through `fd`, and what has work left to do through `workFd`, which takes offload
   * headers: packet sockets that are bound and stay the caller's. */
  constructor(system: System, fd: number, workFd: number, counts: Counts) {
    this.#system = system;
    this.#counts = counts;
    this.#poolMemory = new PoolMemory(system);
    const vectors = new IoVectors(system, VECTORS * MESSAGES);
    this.#vectors = vectors;
    this.#headers = new OffloadHeaders(system, MESSAGES);
    for (let i = 0; i < MESSAGES; i++) {
      vectors.point(VECTORS * i, this.#headers.addressOf(i), OFFLOAD_HEADER);
    }
    this.#frames = new Messages(system, fd, vectors, 1);
    this.#framesWithHeaders = new Messages(system, workFd, vectors, 2);
  }

  /** As a driver's `transmit`. */
  send(pool: PacketPool, rows: Int32Array, count: number): number {
    this.#poolMemory.settleOn(pool);
    let sent = 0;
    for (let first = 0; first < count; first += MESSAGES) {
      const many = count - first < MESSAGES ? count - first : MESSAGES;
      sent += this.#hand(this.#point(pool, rows, first, many), many);
    }
    this.#counts[TRANSMITTED]! += sent;
    return sent;
  }

  /** The vectors show the frames of `many` rows; what to give the kernel. */
  #point(pool: PacketPool, rows: Int32Array, first: number, many: number): Messages {
    const vectors = this.#vectors;
    const { base } = this.#poolMemory;
    const { start, length, offload } = pool;
    let work = 0;
    for (let i = 0; i < many; i++) {
      const row = rows[first + i]!;
      work |= offload[row]!;
      vectors.point(VECTORS * i + 1, base + start[row]!, length[row]!);
    }
    if (work === 0) return this.#frames;
    for (let i = 0; i < many; i++) this.#headers.write(i, pool, rows[first + i]!);
    return this.#framesWithHeaders;
  }

  /** How many of the first `many` messages the kernel took. It stops at the first that it cannot
   * take: that one is passed over when it alone is the trouble; otherwise the rest is lost too. */
  #hand({ fd, at }: Messages, many: number): number {
    let done = 0;
    let sent = 0;
    while (done < many) {
      const result = this.#system.sendmmsg(fd, at[done]!, many - done, MSG_DONTWAIT);
      if (result > 0) {
        done += result;
        sent += result;
      } else if (result === -EMSGSIZE) {
        done++;
        this.#counts[TRANSMIT_TOO_LONG]!++;
      } else if (result === -EINVAL) {
        // It is shorter than an Ethernet header, or the work to be done is none that can be.
        done++;
        this.#counts[TRANSMIT_DROPS]!++;
      } else {
        this.#counts[TRANSMIT_DROPS]! += many - done;
        done = many;
      }
    }
    return sent;
  }
}

/** For one socket, and what stays the same of each message: it has the last `count` vectors of its
 * frame. */
class Messages {
  readonly fd: number;
  /** Of each message. */
  readonly at: readonly Address[];
  readonly #bytes = new Uint8Array(MESSAGES * MESSAGE);

  constructor(system: System, fd: number, vectors: IoVectors, count: number) {
    this.fd = fd;
    this.at = addressesFrom(system.addressOf(this.#bytes), MESSAGES, MESSAGE);
    const view = new DataView(this.#bytes.buffer);
    for (let i = 0; i < MESSAGES; i++) {
      const first = VECTORS * (i + 1) - count;
      view.setBigUint64(i * MESSAGE + 16, vectors.addressOf(first), true);
      view.setUint32(i * MESSAGE + 24, count, true);
    }
  }
}
