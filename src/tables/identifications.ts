// Data path.
// Identifications for fragmented datagrams that leave under an address that others use too. Unique
// for a pair of addresses and a protocol as long as may be: a counter that many pairs share, from a
// start that only this pair has (RFC 7739, 5.3; RFC 6864, 5.3 asks it of translators).

import { type HashKey, hashWords } from "./key-hash.ts";

const COUNTERS = 1024;
/** Source and destination, four words each, and the protocol. */
const WORDS = 9;

export class Identifications {
  readonly #counters = new Int32Array(COUNTERS);
  readonly #key = new Int32Array(WORDS);
  readonly #hashKey: HashKey;

  constructor(hashKey: HashKey) {
    this.#hashKey = hashKey;
  }

  /** The next one between the two addresses at `source`, each of `size` bytes; 32 bits, of which
   * IPv4 takes the lower half. */
  next(view: DataView, source: number, size: number, protocol: number): number {
    const key = this.#key;
    const { k0, k1 } = this.#hashKey;
    const words = size >> 1;
    for (let i = 0; i < 8; i++) key[i] = i < words ? view.getInt32(source + 4 * i) : 0;
    key[8] = protocol;
    const hash = hashWords(key, 0, WORDS, k0, k1);
    const counter = hash & (COUNTERS - 1);
    this.#counters[counter] = (this.#counters[counter]! + 1) | 0;
    // Another hash than the one that chose the counter.
    return (this.#counters[counter]! + hashWords(key, 0, WORDS, k1, k0)) | 0;
  }
}
