// Finds overlaps among very many prefixes without comparing every pair.

import { containsPrefix } from "../wire/prefix.ts";
import { compareEntries, entriesOverlap, type PrefixPorts } from "../wire/prefix-ports.ts";

interface HasEntry {
  readonly entry: PrefixPorts;
}

/**
 * All pairs that overlap and that `matters`, in the order of addresses; the earlier of the two in
 * `offers` comes first. Prefixes nest or are apart, so in sorted order only the prefixes around the
 * current one need be looked at.
 */
export function* overlaps<T extends HasEntry>(
  offers: readonly T[],
  matters: (a: T, b: T) => boolean,
): Generator<readonly [T, T], undefined> {
  const numbered = offers.map((offer, number) => ({ offer, number }));
  numbered.sort((a, b) => compareEntries(a.offer.entry, b.offer.entry) || a.number - b.number);
  let around: typeof numbered = [];
  for (const current of numbered) {
    const { entry } = current.offer;
    around = around.filter(({ offer }) => containsPrefix(offer.entry.prefix, entry.prefix));
    for (const outer of around) {
      if (!entriesOverlap(outer.offer.entry, entry)) continue;
      const [a, b] = outer.number < current.number ? [outer, current] : [current, outer];
      if (matters(a.offer, b.offer)) yield [a.offer, b.offer];
    }
    around.push(current);
  }
  return undefined;
}
