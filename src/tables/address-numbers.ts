// Small numbers for addresses that each network sees: given out when first named, and found again
// without making anything, wherever the address lies. A trie of plain Maps, a level for each word
// of an address: what is numbered comes slowly, and most of it has words in common.

type Level = Map<number, Level | number>;

export class AddressNumbers {
  readonly #roots: readonly [Level, Level] = [new Map(), new Map()];

  /** The number of the address of 4 or 16 bytes `at` in `view`; -1 for none. */
  find(network: number, view: DataView, at: number, size: number): number {
    let level = this.#roots[size === 4 ? 0 : 1].get(network) as Level | undefined;
    if (level === undefined) return -1;
    const last = at + size - 4;
    for (let word = at; word < last; word += 4) {
      level = level.get(view.getInt32(word)) as Level | undefined;
      if (level === undefined) return -1;
    }
    const number = level.get(view.getInt32(last));
    return number === undefined ? -1 : (number as number);
  }

  name(network: number, view: DataView, at: number, size: number, number: number): void {
    let level = below(this.#roots[size === 4 ? 0 : 1], network);
    const last = at + size - 4;
    for (let word = at; word < last; word += 4) level = below(level, view.getInt32(word));
    level.set(view.getInt32(last), number);
  }
}

function below(level: Level, key: number): Level {
  const known = level.get(key);
  if (known !== undefined) return known as Level;
  const made: Level = new Map();
  level.set(key, made);
  return made;
}
