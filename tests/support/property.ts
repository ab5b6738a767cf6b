// Laws, tried on many random inputs. The seed is fixed, so that a failure is the same on every
// machine; ISTHMUS_SEED tries another.

import { test } from "node:test";
import fc from "fast-check";

const SEED = Number(process.env["ISTHMUS_SEED"] ?? 20261123);

export interface PropertyOptions {
  /** How many inputs to try. Default 200. */
  readonly runs?: number;
}

/** Registers a test named "property: …" that fails, with the smallest input found, when `law`
 * throws or returns false for one. */
export function property<Ts extends [unknown, ...unknown[]]>(
  name: string,
  inputs: { [K in keyof Ts]: fc.Arbitrary<Ts[K]> },
  law: (...values: Ts) => boolean | void,
  options: PropertyOptions = {},
): void {
  test(`property: ${name}`, () => {
    fc.assert(fc.property(...inputs, law), { seed: SEED, numRuns: options.runs ?? 200 });
  });
}
