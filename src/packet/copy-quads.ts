// Data path.
// Frames are short: a call of the runtime to copy one costs more than the copying. Eight bytes at a
// time is the widest that can be written in the language; compiled, no BigInt is made.

/** Copies `count` times 8 bytes, places counted in units of 8 bytes. The two must not overlap. */
export function copyQuads(
  to: BigInt64Array,
  toAt: number,
  from: BigInt64Array,
  fromAt: number,
  count: number,
): void {
  const even = count & ~1;
  let i = 0;
  for (; i < even; i = (i + 2) | 0) {
    to[toAt + i] = from[fromAt + i]!;
    to[toAt + i + 1] = from[fromAt + i + 1]!;
  }
  if (i < count) to[toAt + i] = from[fromAt + i]!;
}
