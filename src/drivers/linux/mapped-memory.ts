// Memory shared with the kernel, and its owner. A look at memory that has been unmapped ends the
// process, so nobody else keeps the views: they are read from here at the start of each call, and
// unmapping puts empty ones in their place first.

import type { Address, System } from "./sys.ts";
import { must } from "./system-error.ts";

export class MappedMemory {
  address: Address;
  bytes: Uint8Array;
  /** Native order, which is little-endian wherever this runs. */
  halves: Uint16Array;
  words: Int32Array;
  quads: BigInt64Array;

  readonly #system: System;
  readonly #length: number;

  /** Maps `length` bytes of what `fd` offers at `offset`; both in bytes, multiples of a page. */
  constructor(system: System, fd: number, offset: number, length: number, what: string) {
    this.#system = system;
    this.#length = length;
    this.address = BigInt(must(system.mmap(length, fd, offset), `mmap ${what}`));
    const buffer = system.viewOf(this.address, length);
    this.bytes = new Uint8Array(buffer);
    this.halves = new Uint16Array(buffer);
    this.words = new Int32Array(buffer);
    this.quads = new BigInt64Array(buffer);
  }

  /** May be called twice. */
  unmap(): void {
    const { address } = this;
    if (address === 0n) return;
    const nothing = new ArrayBuffer(0);
    this.address = 0n;
    this.bytes = new Uint8Array(nothing);
    this.halves = new Uint16Array(nothing);
    this.words = new Int32Array(nothing);
    this.quads = new BigInt64Array(nothing);
    this.#system.munmap(address, this.#length);
  }
}
