// Addresses that calls are made with for each packet are made beforehand, all of them.

import type { Address } from "./sys.ts";

/** Of `count` parts of `step` bytes each, one behind the other from `first` on. */
export function addressesFrom(first: Address, count: number, step: number): readonly Address[] {
  return Array.from({ length: count }, (_, i) => first + BigInt(i * step));
}
