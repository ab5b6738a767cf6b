// Places in memory for calls that take several at once: struct iovec, an address and a length of 8
// bytes each. Written for each frame, so addresses are ordinary numbers here, which a store into
// typed memory does not have to make into objects first.

import type { Address, System } from "./sys.ts";

const VECTOR = 16;
const TWO_TO_32 = 4294967296;

export class IoVectors {
  /** Of the first. */
  readonly address: Address;
  readonly #words: Int32Array;

  constructor(system: System, count: number) {
    // Small arrays may move.
    const bytes = new Uint8Array(Math.max(128, count * VECTOR));
    this.#words = new Int32Array(bytes.buffer);
    this.address = system.addressOf(bytes);
  }

  /** Vector `i` is the `length` bytes at `at`, which is below 2^48. */
  point(i: number, at: number, length: number): void {
    const words = this.#words;
    // A store keeps the lower 32 bits.
    words[4 * i] = at;
    words[4 * i + 1] = at / TWO_TO_32;
    words[4 * i + 2] = length;
  }

  addressOf(i: number): Address {
    return this.address + BigInt(i * VECTOR);
  }
}
