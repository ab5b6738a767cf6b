// How often each pool of public endpoints had none left, and how often a public address had none
// for a flow that began its search there. Pools are made anew for each configuration; what they
// counted goes on, as long as VPC, peer and addresses are the same.

/** Of one protocol: those of all first, then by address. */
interface Counts {
  readonly refused: Float64Array;
  readonly elsewhere: Float64Array;
}

export class RefusalCounts {
  readonly #all: Refusals;
  readonly #homes: number;
  /** By protocol; made with the first that is counted: most pools never refuse. */
  readonly #counts: (Counts | undefined)[] = [];

  constructor(all: Refusals, homes: number) {
    this.#all = all;
    this.#homes = homes;
  }

  /** A flow that began its search with the public address number `home` is refused: no address had
   * a port. */
  refuse(protocol: number, home: number): void {
    if (this.#all.isCounting) count(this.#of(protocol).refused, home);
  }

  /** Such a flow has got a port of another address. */
  sendElsewhere(protocol: number, home: number): void {
    if (this.#all.isCounting) count(this.#of(protocol).elsewhere, home);
  }

  refused(protocol: number): number {
    return this.#counts[protocol]?.refused[0] ?? 0;
  }

  elsewhere(protocol: number): number {
    return this.#counts[protocol]?.elsewhere[0] ?? 0;
  }

  /** Those of the flows that began with that address. */
  refusedAt(protocol: number, home: number): number {
    return this.#counts[protocol]?.refused[1 + home] ?? 0;
  }

  elsewhereAt(protocol: number, home: number): number {
    return this.#counts[protocol]?.elsewhere[1 + home] ?? 0;
  }

  #of(protocol: number): Counts {
    const known = this.#counts[protocol];
    if (known !== undefined) return known;
    const length = 1 + this.#homes;
    const made = { refused: new Float64Array(length), elsewhere: new Float64Array(length) };
    this.#counts[protocol] = made;
    return made;
  }
}

function count(numbers: Float64Array, home: number): void {
  numbers[0] = numbers[0]! + 1;
  numbers[1 + home] = numbers[1 + home]! + 1;
}

export class Refusals {
  /** Nothing is counted while it is false: for packets that are only tried out. */
  isCounting = true;
  readonly #pools = new Map<string, RefusalCounts>();

  /** Those of the pool with that key, from 0 when it is new. `homes`: searches for a port begin
   * with a public address below that number, always the same for the same key. */
  of(key: string, homes: number): RefusalCounts {
    const known = this.#pools.get(key);
    if (known !== undefined) return known;
    const made = new RefusalCounts(this, homes);
    this.#pools.set(key, made);
    return made;
  }
}
