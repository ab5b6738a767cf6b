// The packet pool as the kernel sees it: where it lies in this process. Each driver has one of
// these, and comes back to it with whatever pool it is given; nearly always it is the same.

import type { PacketPool } from "../../packet/packet-pool.ts";
import type { MappedMemory } from "./mapped-memory.ts";
import type { Address, System } from "./sys.ts";

/** Up to here a loop over words is quicker than a call of memcpy, measured. */
const LOOP_BYTES = 256;

export class PoolMemory {
  /** Of the pool's first byte. */
  address: Address = 0;
  readonly #system: System;
  #pool: PacketPool | undefined;

  constructor(system: System) {
    this.#system = system;
  }

  /** From now on it is about this pool. */
  settleOn(pool: PacketPool): void {
    if (pool === this.#pool) return;
    this.#pool = pool;
    this.address = this.#system.addressOf(pool.bytes);
  }

  /** Copies `length` bytes into the pool. Both offsets are multiples of 4; up to 3 bytes behind the
   * end are written too, which a slot has. */
  copyIn(pool: PacketPool, to: number, memory: MappedMemory, from: number, length: number): void {
    if (length > LOOP_BYTES) {
      this.#system.memcpy(this.address + to, memory.address + from, length);
      return;
    }
    const target = pool.words;
    const { words } = memory;
    const targetAt = to >> 2;
    const sourceAt = from >> 2;
    const count = (length + 3) >> 2;
    for (let i = 0; i < count; i++) target[targetAt + i] = words[sourceAt + i]!;
  }
}
