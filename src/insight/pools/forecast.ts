// When a pool will have no port left: a line through what was taken during the last minutes.

import type { Millis } from "../../base/clock.ts";

/** Ports taken at a moment. */
export interface Sample {
  readonly time: Millis;
  readonly taken: number;
}

export interface Trend {
  /** Ports a minute, negative when they become fewer. */
  readonly perMinute: number;
  /** Until none is free if it goes on like this; undefined when the pool does not grow. */
  readonly fullInMillis: number | undefined;
}

/** What is looked at, and the least that says anything. */
const WINDOW_MILLIS = 5 * 60_000;
const LEAST_MILLIS = 60_000;
const LEAST_SAMPLES = 4;
/** Samples that come closer together are not kept. */
const SPACING_MILLIS = 5000;
/** Farther ahead than that is no forecast. */
const HORIZON_MILLIS = 24 * 3_600_000;

/** The line (least squares) through `samples`, oldest first; undefined when they are too few or too
 * close together. Nothing is foretold beyond a day. */
export function trendOf(samples: readonly Sample[], size: number): Trend | undefined {
  const last = samples.at(-1);
  const [first] = samples;
  if (first === undefined || last === undefined || samples.length < LEAST_SAMPLES) return undefined;
  if (last.time - first.time < LEAST_MILLIS) return undefined;
  const time = mean(samples.map((each) => each.time));
  const taken = mean(samples.map((each) => each.taken));
  const both = mean(samples.map((each) => (each.time - time) * (each.taken - taken)));
  const slope = both / mean(samples.map((each) => (each.time - time) ** 2));
  const fullInMillis = slope > 0 ? Math.max(0, size - last.taken) / slope : undefined;
  const isNear = fullInMillis !== undefined && fullInMillis <= HORIZON_MILLIS;
  return { perMinute: slope * 60_000, fullInMillis: isNear ? fullInMillis : undefined };
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
}

interface History {
  readonly size: number;
  readonly samples: readonly Sample[];
}

/** What of a level counts here. */
export interface Level {
  readonly id: string;
  readonly size: number;
  readonly taken: number;
}

/** Remembers the levels of all pools for some minutes. */
export class PoolForecast {
  #histories: ReadonlyMap<string, History> = new Map();

  /** To be told every few seconds. Pools that are not among `levels` any more are forgotten. */
  add(levels: readonly Level[], now: Millis): void {
    this.#histories = new Map(
      levels.map(({ id, size, taken }) => {
        const before = this.#histories.get(id);
        // Of other ports now: what was taken before tells nothing.
        const samples = before?.size === size ? before.samples : [];
        return [id, { size, samples: withSample(samples, { time: now, taken }) }];
      }),
    );
  }

  trend(id: string): Trend | undefined {
    const history = this.#histories.get(id);
    return history && trendOf(history.samples, history.size);
  }
}

function withSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  const last = samples.at(-1);
  if (last !== undefined && sample.time - last.time < SPACING_MILLIS) return samples;
  return [...samples.filter(({ time }) => sample.time - time <= WINDOW_MILLIS), sample];
}
