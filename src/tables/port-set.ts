// The ports of one public address and protocol: which are free. Two levels of bits, so that a free
// one is found in a few steps even when nearly all are taken.

const WORDS = 2048;

export class PortSet {
  /** A 1 bit is a free port. */
  readonly #bits = new Int32Array(WORDS).fill(-1);
  /** A 1 bit is a word with free ports. */
  readonly #summary = new Int32Array(WORDS / 32).fill(-1);

  isFree(port: number): boolean {
    return ((this.#bits[port >> 5]! >>> (port & 31)) & 1) !== 0;
  }

  take(port: number): void {
    const word = port >> 5;
    this.#bits[word] = this.#bits[word]! & ~(1 << (port & 31));
    if (this.#bits[word] === 0) {
      this.#summary[word >> 5] = this.#summary[word >> 5]! & ~(1 << (word & 31));
    }
  }

  release(port: number): void {
    const word = port >> 5;
    this.#bits[word] = this.#bits[word]! | (1 << (port & 31));
    this.#summary[word >> 5] = this.#summary[word >> 5]! | (1 << (word & 31));
  }

  /** The lowest free port from `first` to `last`, or -1. */
  nextFree(first: number, last: number): number {
    let word = first >> 5;
    const here = this.#bits[word]! & (-1 << (first & 31));
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
    const port = (word << 5) + lowestBit(this.#bits[word]!);
    return port <= last ? port : -1;
  }
}

/** Number of the lowest 1 bit; `bits` is not 0. */
function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
