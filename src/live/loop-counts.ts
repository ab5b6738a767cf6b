// What the loop has counted since it began.

import { Histogram, type HistogramCounts } from "./histogram.ts";

/** Plain data. */
export interface LoopReport {
  readonly turns: number;
  /** Turns that packets came in. */
  readonly busy: number;
  readonly sleeps: number;
  /** How long turns with packets took, in microseconds: up to 2^20, about a second. */
  readonly busyMicros: HistogramCounts;
  /** The longest turn of the last minute. */
  readonly longestMillis: number;
}

const STEPS = 20;
/** A second each. */
const SECONDS = 60;
const MICROS_MAX = 0x7fffffff;

export class LoopCounts {
  readonly #busyMicros = new Histogram(STEPS);
  readonly #longest = new Float64Array(SECONDS);
  #second = 0;
  #turns = 0;
  #busy = 0;
  #sleeps = 0;

  /** A turn in which packets came; whole microseconds. */
  busyTurn(micros: number): void {
    this.#busyMicros.add(micros < MICROS_MAX ? micros : MICROS_MAX);
  }

  /** A second is over. */
  second(turns: number, busy: number, sleeps: number, longestMillis: number): void {
    this.#turns += turns;
    this.#busy += busy;
    this.#sleeps += sleeps;
    this.#longest[this.#second] = longestMillis;
    this.#second = (this.#second + 1) % SECONDS;
  }

  /** But for the second that is not over yet. */
  read(): LoopReport {
    return {
      turns: this.#turns,
      busy: this.#busy,
      sleeps: this.#sleeps,
      busyMicros: this.#busyMicros.read(),
      longestMillis: Math.max(...this.#longest),
    };
  }
}
