// How often a number was how large, in steps of powers of two: for what happens each turn, so it
// costs two additions and makes nothing.

/** Plain data. */
export interface HistogramCounts {
  /** By step: numbers up to 2^step that are above the step before. The last is for all above. */
  readonly counts: readonly number[];
  readonly sum: number;
}

export class Histogram {
  readonly #counts: Float64Array;
  readonly #sum = new Float64Array(1);

  /** Up to 2^`steps`, which are 1 to 30. */
  constructor(steps: number) {
    this.#counts = new Float64Array(steps + 2);
  }

  /** A whole number from 0 to 2^31 - 1. */
  add(value: number): void {
    const counts = this.#counts;
    const step = value <= 1 ? 0 : 32 - Math.clz32(value - 1);
    const cell = step < counts.length ? step : counts.length - 1;
    counts[cell] = counts[cell]! + 1;
    this.#sum[0] = this.#sum[0]! + value;
  }

  read(): HistogramCounts {
    return { counts: [...this.#counts], sum: this.#sum[0]! };
  }
}
