// The only source of randomness. Everything that wants chance is handed a `Random`; a seed makes it
// repeatable.

export interface Random {
  /** A 32-bit integer, 0 to 2^32-1. */
  next(): number;
  /** An integer from 0 to `limit`-1; `limit` is 1 to 2^32. */
  below(limit: number): number;
}

/** A seed that nobody can guess, 32 bits: for what runs live. */
export function unguessableSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}

/** Small fast generator (sfc32) from a seed; the same seed gives the same numbers on every
 * machine. */
export function seededRandom(seed: number): Random {
  let a = seed | 0;
  let b = 0x9e3779b9 | 0;
  let c = 0x243f6a88 | 0;
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  };
  for (let round = 0; round < 12; round++) next();
  return { next, below: (limit) => Math.floor((next() / 2 ** 32) * limit) };
}
