// The packet pool as the kernel sees it: where its slots lie in this process. Each driver has one
// of these, and comes back to it with whatever pool it is given; nearly always it is the same.

import { copyQuads } from "../../packet/copy-quads.ts";
import { HEADROOM } from "../../packet/limits.ts";
import type { PacketPool } from "../../packet/packet-pool.ts";
import { addressesFrom } from "./addresses.ts";
import type { MappedMemory } from "./mapped-memory.ts";
import { OFFLOAD_HEADER } from "./offload.ts";
import type { Address, System } from "./sys.ts";

export const VLAN_TAG = 4;
/** Up to here a loop is quicker than a call of memcpy, measured. */
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
   * multiple of 8 at best. Up to 7 bytes behind the end are written too, which a slot has.
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
    if (tag !== 0 || (from & 7) !== 0 || length > LOOP_BYTES) {
      const to = tag === 0 ? this.#frames[row]! : this.#tagged[row]!;
      this.#system.memcpy(to, address, length);
      return;
    }
    copyQuads(pool.quads, pool.start[row]! >> 3, memory.quads, from >> 3, (length + 7) >> 3);
  }

  /**
   * Copies the row's frame to `to` in `memory`, which is `address` and a multiple of 8; or some
   * bytes behind it, with what stands before the frame in between. Returns how many. There is room
   * for `room` bytes, no less than the frame has.
   */
  copyOut(
    pool: PacketPool,
    row: number,
    memory: MappedMemory,
    to: number,
    address: Address,
    room: number,
  ): number {
    const start = pool.start[row]!;
    const length = pool.length[row]!;
    const before = start & 7;
    if (length <= LOOP_BYTES && before + length <= room) {
      copyQuads(memory.quads, to >> 3, pool.quads, start >> 3, (before + length + 7) >> 3);
      return before;
    }
    // From where the slot starts, as that is an address that is there already.
    const offset = start - row * pool.slotBytes;
    if (offset + length <= room) {
      this.#system.memcpy(address, this.slots[row]!, offset + length);
      return offset;
    }
    this.#system.memcpy(address, this.slots[row]! + BigInt(offset), length);
    return 0;
  }
}
