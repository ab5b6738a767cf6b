// The first few of many that come one by one, so that nobody has to keep or sort all of them.

interface Entry<T> {
  readonly rank: number;
  readonly item: T;
}

export class Ranked<T> {
  readonly #most: number;
  readonly #entries: Entry<T>[] = [];

  /** Keeps `most`. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Of equals the first stay in front. */
  enter(rank: number, item: T): void {
    const entries = this.#entries;
    const last = entries.at(-1);
    if (entries.length >= this.#most && (last === undefined || rank <= last.rank)) return;
    let [low, high] = [0, entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (entries[middle]!.rank >= rank) low = middle + 1;
      else high = middle;
    }
    entries.splice(low, 0, { rank, item });
    if (entries.length > this.#most) entries.pop();
  }

  /** Those of the highest rank, highest first. */
  get items(): readonly T[] {
    return this.#entries.map(({ item }) => item);
  }
}
