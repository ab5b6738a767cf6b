// The nearest of many, in pieces: a configuration may have very many exposes and rules.

import type { Work } from "../../work.ts";

/** Looked at between two stops. */
const AT_ONCE = 64;

export interface LeastOptions<T> {
  /** How many are wanted. */
  readonly most: number;
  /** Of those with the same key only the nearest is one. Default: each has its own. */
  readonly keyOf?: (each: T) => unknown;
}

/** Those with the least distance, the least first, of equals whoever comes first; what has no
 * distance is none of them. */
export function* least<T, D extends number | bigint>(
  all: Iterable<T>,
  distanceOf: (each: T) => D | undefined,
  { most, keyOf = (each) => each }: LeastOptions<T>,
): Work<T[]> {
  const found: { readonly each: T; readonly key: unknown; readonly distance: D }[] = [];
  let looks = 0;
  for (const each of all) {
    if (looks++ % AT_ONCE === AT_ONCE - 1) yield;
    const distance = distanceOf(each);
    if (distance === undefined) continue;
    const key = keyOf(each);
    const known = found.findIndex((other) => other.key === key);
    if (known >= 0 && found[known]!.distance <= distance) continue;
    if (known >= 0) found.splice(known, 1);
    const place = found.findIndex((other) => other.distance > distance);
    found.splice(place < 0 ? found.length : place, 0, { each, key, distance });
    if (found.length > most) found.pop();
  }
  return found.map(({ each }) => each);
}
