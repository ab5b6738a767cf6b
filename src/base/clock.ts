// Time is an argument. The data path gets a coarse tick with each batch and never asks for it.

/** Milliseconds since some fixed moment; never goes back within one clock but `wallClock`. */
export type Millis = number;

export interface Clock {
  now(): Millis;
}

/** A clock that moves only when told: for tests, stories and replays. */
export class ManualClock implements Clock {
  #now: Millis;

  constructor(start: Millis = 0) {
    this.#now = start;
  }

  now(): Millis {
    return this.#now;
  }

  /** Moves forward by `millis`, which must not be negative. */
  advance(millis: Millis): void {
    this.#now += Math.max(0, millis);
  }

  /** Moves to `millis`; a moment in the past is ignored, as time never goes back. */
  set(millis: Millis): void {
    this.#now = Math.max(this.#now, millis);
  }
}

/** The machine's monotonic time. */
export const systemClock: Clock = { now: () => performance.now() };

/** The time of day, since 1970: for what is written down. It may jump, back too. */
export const wallClock: Clock = { now: () => Date.now() };

/** The time of day, in whole milliseconds, that it was at a moment of the monotonic time. */
export function wallTimeOf(moment: Millis, wall = wallClock, monotonic = systemClock): Millis {
  return Math.round(wall.now() - (monotonic.now() - moment));
}
