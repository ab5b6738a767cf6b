// Sleeps until one of several drivers has frames, or somebody wakes it. One thread's own: it blocks
// that thread, and the event loop with it.

import type { Address, System } from "./sys.ts";
import { EINTR, must, SystemError } from "./system-error.ts";

/** Longest sleep: a worker that is to end is waited for, and what it does now and then is due. */
export const WAIT_MILLIS_MAX = 100;

const POLLIN = 1;
/** POLLERR, POLLHUP, POLLNVAL. */
const GONE = 8 | 16 | 32;
/** struct pollfd: fd (4 bytes), events (2), revents (2). */
const POLLFD = 8;
const EFD_CLOEXEC_NONBLOCK = 0o2004000;
const SOL_SOCKET = 1;
const SO_ERROR = 4;

export class Waiter {
  /** Other threads of this process call `wake` with it. */
  readonly wakeFd: number;

  readonly #system: System;
  #polled = new Int32Array(0);
  #address: Address = 0n;
  #count = 0;
  readonly #drained = new Uint8Array(128);
  readonly #drainedAt: Address;
  #open = true;

  /** `fds` stay their owners'. Negative ones, of drivers that have none, are passed over. */
  constructor(system: System, fds: readonly number[]) {
    this.#system = system;
    this.wakeFd = must(system.eventfd(0, EFD_CLOEXEC_NONBLOCK), "eventfd");
    this.#drainedAt = system.addressOf(this.#drained);
    this.watch(fds);
  }

  /** From now on these instead, likewise. */
  watch(fds: readonly number[]): void {
    const all = [this.wakeFd, ...fds.filter((fd) => fd >= 0)];
    this.#count = all.length;
    // Small arrays may move; larger ones have a place of their own.
    const bytes = new Uint8Array(Math.max(128, all.length * POLLFD));
    this.#polled = new Int32Array(bytes.buffer);
    this.#address = this.#system.addressOf(bytes);
    all.forEach((fd, index) => {
      this.#polled[2 * index] = fd;
      this.#polled[2 * index + 1] = POLLIN;
    });
  }

  /** Sleeps at most `timeoutMillis`, and never over WAIT_MILLIS_MAX; whether there was a reason to
   * wake up. A signal counts as one. */
  wait(timeoutMillis: number): boolean {
    const millis = Math.min(Math.max(0, timeoutMillis), WAIT_MILLIS_MAX);
    const ready = this.#system.poll(this.#address, this.#count, millis);
    if (ready < 0 && ready !== -EINTR) throw new SystemError("poll", -ready);
    if (ready > 0) this.#settle();
    return ready !== 0;
  }

  /** From the thread that waits or, by `wakeFd`, any other. */
  wake(): void {
    wake(this.#system, this.wakeFd);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#system.close(this.wakeFd);
  }

  /** Takes what would end the next sleep at once: a wake-up, and the error that a socket keeps when
   * its interface goes down. With something to receive beside it, an error is left there: that of
   * rtnetlink says that messages were lost, and whoever receives must see it. */
  #settle(): void {
    for (let i = 0; i < this.#count; i++) {
      const seen = this.#polled[2 * i + 1]! >>> 16;
      this.#polled[2 * i + 1] = POLLIN;
      if (seen === 0) continue;
      const fd = this.#polled[2 * i]!;
      if (i === 0) this.#system.read(fd, this.#drainedAt, 8);
      else if (seen & POLLIN || (seen & GONE) === 0) continue;
      else if (!this.#clearError(fd)) this.#polled[2 * i] = -1;
    }
  }

  /** False when it cannot be cleared: what the driver drove is gone, and asking again is no use. */
  #clearError(fd: number): boolean {
    return this.#system.getsockopt(fd, SOL_SOCKET, SO_ERROR, this.#drained) >= 0;
  }
}

/** Ends the sleep of the waiter whose `wakeFd` this is, now or when it next begins. */
export function wake(system: System, wakeFd: number): void {
  const one = new Uint8Array(128);
  one[0] = 1;
  system.write(wakeFd, system.addressOf(one), 8);
}
