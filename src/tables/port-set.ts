// The ports of one public address and protocol: which are free. Few taken ones are a list; of many
// there are two levels of bits, so that a free one is found in a few steps even when nearly all are
// taken. A gateway may use thousands of addresses for one host each, so an address with little to
// remember must be small.

const WORDS = 2048;
/** More taken ports than that are kept as bits. */
const LIST_MAX = 32;

export class PortSet {
  /** The taken ports, in no order, while they are few. */
  readonly #taken: number[] = [];
  /** The same as bits when they are not: a 1 bit is a free port. */
  #bits: Int32Array | undefined;
  /** A 1 bit is a word with free ports. */
  #summary: Int32Array = NO_WORDS;
  #count = 0;

  isFree(port: number): boolean {
    const bits = this.#bits;
    if (bits === undefined) return !this.#taken.includes(port);
    return ((bits[port >> 5]! >>> (port & 31)) & 1) !== 0;
  }

  take(port: number): void {
    if (!this.isFree(port)) return;
    this.#count++;
    if (this.#bits !== undefined) {
      this.#clear(this.#bits, port);
      return;
    }
    this.#taken.push(port);
    if (this.#taken.length > LIST_MAX) this.#spread();
  }

  release(port: number): void {
    if (this.isFree(port)) return;
    this.#count--;
    const bits = this.#bits;
    if (bits === undefined) {
      const last = this.#taken.pop()!;
      if (last !== port) this.#taken[this.#taken.indexOf(port)] = last;
      return;
    }
    if (this.#count === 0) {
      this.#bits = undefined;
      this.#summary = NO_WORDS;
      return;
    }
    const word = port >> 5;
    bits[word] = bits[word]! | (1 << (port & 31));
    this.#summary[word >> 5] = this.#summary[word >> 5]! | (1 << (word & 31));
  }

  /** The lowest free port from `first` to `last`, or -1. */
  nextFree(first: number, last: number): number {
    const bits = this.#bits;
    if (bits !== undefined) return this.#nextBit(bits, first, last);
    let port = first;
    while (port <= last && this.#taken.includes(port)) port++;
    return port <= last ? port : -1;
  }

  #nextBit(bits: Int32Array, first: number, last: number): number {
    let word = first >> 5;
    const here = bits[word]! & (-1 << (first & 31));
    if (here !== 0) {
      const port = (word << 5) + lowestBit(here);
      return port <= last ? port : -1;
    }
    word++;
    let group = word >> 5;
    // A shift by 32 would be one by 0: the word may start the next group.
    let words = group < this.#summary.length ? this.#summary[group]! & (-1 << (word & 31)) : 0;
    while (words === 0) {
      group++;
      if (group >= this.#summary.length) return -1;
      words = this.#summary[group]!;
    }
    word = (group << 5) + lowestBit(words);
    const port = (word << 5) + lowestBit(bits[word]!);
    return port <= last ? port : -1;
  }

  /** From the list to bits. */
  #spread(): void {
    const bits = new Int32Array(WORDS).fill(-1);
    this.#summary = new Int32Array(WORDS / 32).fill(-1);
    for (const port of this.#taken) this.#clear(bits, port);
    this.#bits = bits;
    this.#taken.length = 0;
  }

  #clear(bits: Int32Array, port: number): void {
    const word = port >> 5;
    bits[word] = bits[word]! & ~(1 << (port & 31));
    if (bits[word] === 0) {
      this.#summary[word >> 5] = this.#summary[word >> 5]! & ~(1 << (word & 31));
    }
  }
}

const NO_WORDS = new Int32Array(0);

/** Number of the lowest 1 bit; `bits` is not 0. */
function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
