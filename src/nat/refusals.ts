// How often each pool of public endpoints had none left. Pools are made anew for each
// configuration; what they counted goes on, as long as VPC, peer and addresses are the same.

const PROTOCOLS = 256;

/** By IP protocol: flows refused. */
export class RefusalCounts {
  readonly #all: Refusals;
  /** Made with the first refusal: most pools never refuse. */
  #counts: Float64Array | undefined;

  constructor(all: Refusals) {
    this.#all = all;
  }

  add(protocol: number): void {
    if (!this.#all.isCounting) return;
    this.#counts ??= new Float64Array(PROTOCOLS);
    this.#counts[protocol] = this.#counts[protocol]! + 1;
  }

  of(protocol: number): number {
    return this.#counts?.[protocol] ?? 0;
  }
}

export class Refusals {
  /** Nothing is counted while it is false: for packets that are only tried out. */
  isCounting = true;
  readonly #pools = new Map<string, RefusalCounts>();

  /** Those of the pool with that key, from 0 when it is new. */
  of(key: string): RefusalCounts {
    const known = this.#pools.get(key);
    if (known !== undefined) return known;
    const made = new RefusalCounts(this);
    this.#pools.set(key, made);
    return made;
  }
}
