// The counters of a driver while it runs: cells of one typed array, as counting must make nothing.

import type { DriverCounters } from "./driver.ts";

export const RECEIVED = 0;
export const RECEIVE_DROPS = 1;
export const RECEIVE_TOO_LONG = 2;
export const RECEIVE_ERRORS = 3;
export const TRANSMITTED = 4;
export const TRANSMIT_DROPS = 5;
export const TRANSMIT_TOO_LONG = 6;
const CELLS = 7;

/** Whole numbers up to 2^53. */
export type Counts = Float64Array;

export function newCounts(): Counts {
  return new Float64Array(CELLS);
}

export function readCounts(counts: Counts): DriverCounters {
  return {
    received: counts[RECEIVED]!,
    receiveDrops: counts[RECEIVE_DROPS]!,
    receiveTooLong: counts[RECEIVE_TOO_LONG]!,
    receiveErrors: counts[RECEIVE_ERRORS]!,
    transmitted: counts[TRANSMITTED]!,
    transmitDrops: counts[TRANSMIT_DROPS]!,
    transmitTooLong: counts[TRANSMIT_TOO_LONG]!,
  };
}

/** Of two drivers, one after the other, together. */
export function addCounters(a: DriverCounters, b: DriverCounters | undefined): DriverCounters {
  if (b === undefined) return a;
  const names = Object.keys(a) as (keyof DriverCounters)[];
  return Object.fromEntries(names.map((name) => [name, a[name] + b[name]])) as Record<
    keyof DriverCounters,
    number
  >;
}

export function withTransmitDrops(counters: DriverCounters, more: number): DriverCounters {
  return { ...counters, transmitDrops: counters.transmitDrops + more };
}
