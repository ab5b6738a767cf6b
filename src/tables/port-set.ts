// The ports of one public address and protocol: which are free. Few taken ones are a list; of many
// there are three levels of bits, so that a free one is found in a few steps even when nearly all
// are taken. A gateway may use thousands of addresses for one host each, so an address with little
// to remember must be small.

const WORDS = 2048;
/** Words that say which of those have a 1 bit. */
const TOP = WORDS / 32;
/** More taken ports than that are kept as bits. */
const LIST_MAX = 32;

export class PortSet {
  /** The taken ports, in no order, while they are few. */
  readonly #taken: number[] = [];
  /** The same as bits when they are not: a 1 bit is a free port. */
  #bits: Int32Array | undefined;
  /** A 1 bit is a word with free ports; in the last two words, one of these that is not 0. */
  #summary: Int32Array = NO_WORDS;
  #count = 0;

  /** Ports that are taken. */
  get taken(): number {
    return this.#count;
  }

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
    raise(bits, port);
    raise(this.#summary, port >> 5);
    raise(this.#summary, (port >> 10) + 32 * TOP);
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
    word = this.#nextWord(word + 1);
    if (word < 0) return -1;
    const port = (word << 5) + lowestBit(bits[word]!);
    return port <= last ? port : -1;
  }

  /** The first word from `word` on that has free ports, or -1. */
  #nextWord(word: number): number {
    const summary = this.#summary;
    if (word === WORDS) return -1;
    const here = summary[word >> 5]! & (-1 << (word & 31));
    if (here !== 0) return (word & ~31) + lowestBit(here);
    const group = (word >> 5) + 1;
    if (group === TOP) return -1;
    let half = group >> 5;
    let groups = summary[TOP + half]! & (-1 << (group & 31));
    if (groups === 0 && half === 0) {
      half = 1;
      groups = summary[TOP + 1]!;
    }
    if (groups === 0) return -1;
    const found = (half << 5) + lowestBit(groups);
    return (found << 5) + lowestBit(summary[found]!);
  }

  /** From the list to bits. */
  #spread(): void {
    const bits = new Int32Array(WORDS).fill(-1);
    this.#summary = new Int32Array(TOP + TOP / 32).fill(-1);
    for (const port of this.#taken) this.#clear(bits, port);
    this.#bits = bits;
    this.#taken.length = 0;
  }

  #clear(bits: Int32Array, port: number): void {
    const summary = this.#summary;
    if (lower(bits, port) && lower(summary, port >> 5)) lower(summary, (port >> 10) + 32 * TOP);
  }
}

const NO_WORDS = new Int32Array(0);

function raise(bits: Int32Array, bit: number): void {
  bits[bit >> 5] = bits[bit >> 5]! | (1 << (bit & 31));
}

/** Whether none is left in its word. */
function lower(bits: Int32Array, bit: number): boolean {
  const word = bits[bit >> 5]! & ~(1 << (bit & 31));
  bits[bit >> 5] = word;
  return word === 0;
}

/** Number of the lowest 1 bit; `bits` is not 0. */
function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
