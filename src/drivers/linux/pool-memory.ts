// The packet pool as the kernel sees it: where its slots lie in this process. Each driver has one
// of these, and comes back to it with whatever pool it is given; nearly always it is the same.

import { HEADROOM } from "../../packet/limits.ts";
import type { PacketPool } from "../../packet/packet-pool.ts";
import { addressesFrom } from "./addresses.ts";
import type { MappedMemory } from "./mapped-memory.ts";
import { OFFLOAD_HEADER } from "./offload.ts";
import type { Address, System } from "./sys.ts";

export const VLAN_TAG = 4;
/** Up to here a loop over words is quicker than a call of memcpy, measured. */
const LOOP_BYTES = 256;

export class PoolMemory {
  /** Of the pool's first byte, as an ordinary number. */
  base = 0;
  /** Of each slot. */
  slots: readonly Address[] = [];
  readonly #system: System;
  #pool: PacketPool | undefined;
  /** Where received frames start in each slot, and the same behind a VLAN tag. */
  #frames: readonly Address[] = [];
  #tagged: readonly Address[] = [];
  /** The offload headers before those. */
  #headers: readonly Address[] = [];
  #taggedHeaders: readonly Address[] = [];

  constructor(system: System) {
    this.#system = system;
  }

  /** From now on it is about this pool. */
  settleOn(pool: PacketPool): void {
    if (pool === this.#pool) return;
    this.#pool = pool;
    const address = this.#system.addressOf(pool.bytes);
    this.base = Number(address);
    const inEach = (at: number) => addressesFrom(address + BigInt(at), pool.slots, pool.slotBytes);
    this.slots = inEach(0);
    this.#frames = inEach(HEADROOM);
    this.#tagged = inEach(HEADROOM + VLAN_TAG);
    this.#headers = inEach(HEADROOM - OFFLOAD_HEADER);
    this.#taggedHeaders = inEach(HEADROOM + VLAN_TAG - OFFLOAD_HEADER);
  }

  /** Where the offload header goes of a received frame that goes to where `copyIn` puts it. */
  offloadHeaderOf(row: number, tag: number): Address {
    return tag === 0 ? this.#headers[row]! : this.#taggedHeaders[row]!;
  }

  /**
   * Copies a received frame of `length` bytes from `from` in `memory`, which is `address`, to where
   * the row's frame starts or, with a tag to be put before it, `VLAN_TAG` bytes behind. `from` is a
   * multiple of 4. Up to 3 bytes behind the end are written too, which a slot has.
   */
  copyIn(
    pool: PacketPool,
    row: number,
    tag: number,
    memory: MappedMemory,
    from: number,
    address: Address,
    length: number,
  ): void {
    if (length > LOOP_BYTES) {
      const to = tag === 0 ? this.#frames[row]! : this.#tagged[row]!;
      this.#system.memcpy(to, address, length);
      return;
    }
    const target = pool.words;
    const { words } = memory;
    const targetAt = (pool.start[row]! + tag) >> 2;
    const sourceAt = from >> 2;
    const count = (length + 3) >> 2;
    for (let i = 0; i < count; i++) target[targetAt + i] = words[sourceAt + i]!;
  }
}
