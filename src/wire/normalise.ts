// The normal form of a list of prefixes with ports: exclusions taken out, no two entries overlap,
// entries that make one are one, in a fixed order. Two lists that denote the same set of whole
// addresses have the same normal form, so the n-th element of a list is well defined.

import type { PortRange } from "./port.ts";
import { containsPrefix } from "./prefix.ts";
import {
  compareEntries,
  entriesOverlap,
  type PrefixPorts,
  prefixPorts,
  subtract,
} from "./prefix-ports.ts";

export function normalise(
  entries: readonly PrefixPorts[],
  exclusions: readonly PrefixPorts[] = [],
): PrefixPorts[] {
  return merge(disjoint(exclude(entries, exclusions)));
}

/** The entries without what the exclusions cover. */
export function exclude(
  entries: readonly PrefixPorts[],
  exclusions: readonly PrefixPorts[],
): PrefixPorts[] {
  let result = [...entries];
  for (const hole of [...exclusions].sort(compareEntries)) {
    result = result.flatMap((entry) => subtract(entry, hole));
  }
  return result.sort(compareEntries);
}

/** Prefixes nest or are apart, so in sorted order an entry overlaps only earlier ones that contain
 * it, which are still open. What they cover is cut out of the later entry. */
function disjoint(entries: readonly PrefixPorts[]): PrefixPorts[] {
  const result: PrefixPorts[] = [];
  let open: PrefixPorts[] = [];
  for (const entry of [...entries].sort(compareEntries)) {
    open = open.filter((earlier) => containsPrefix(earlier.prefix, entry.prefix));
    let pieces = [entry];
    for (const earlier of open) {
      if (!entriesOverlap(earlier, entry)) continue;
      pieces = pieces.flatMap((piece) => subtract(piece, earlier));
    }
    result.push(...pieces);
    open.push(entry);
  }
  return result.sort(compareEntries);
}

/** Merges to a fixpoint, siblings and neighbouring ports in turn. */
function merge(entries: readonly PrefixPorts[]): PrefixPorts[] {
  let result = [...entries];
  for (;;) {
    const merged = mergePorts(mergeSiblings(result)).sort(compareEntries);
    if (merged.length === result.length) return merged;
    result = merged;
  }
}

function portsKey(ports: PortRange | undefined): string {
  return ports === undefined ? "" : `${ports.first}-${ports.last}`;
}

/** Two halves of one prefix with the same ports become that prefix. */
function mergeSiblings(entries: readonly PrefixPorts[]): PrefixPorts[] {
  const groups = Map.groupBy(entries, ({ prefix, ports }) => `${prefix.family}/${portsKey(ports)}`);
  return [...groups.values()].flatMap((group) => {
    const stack: PrefixPorts[] = [];
    for (const entry of [...group].sort(compareEntries)) {
      stack.push(entry);
      while (foldTop(stack)) {
        // Each fold may make the next possible.
      }
    }
    return stack;
  });
}

/** Replaces the two top entries by their parent if they are its halves. */
function foldTop(stack: PrefixPorts[]): boolean {
  const high = stack.at(-1);
  const low = stack.at(-2);
  if (!high || !low || high.prefix.length !== low.prefix.length || low.prefix.length === 0) {
    return false;
  }
  const size = 1n << BigInt((low.prefix.family === 4 ? 32 : 128) - low.prefix.length);
  const aligned = (low.prefix.network & size) === 0n;
  if (!aligned || high.prefix.network !== low.prefix.network + size) return false;
  stack.pop();
  stack.pop();
  stack.push({ ...low, prefix: { ...low.prefix, length: low.prefix.length - 1 } });
  return true;
}

/** Entries of one prefix whose ports adjoin become one. */
function mergePorts(entries: readonly PrefixPorts[]): PrefixPorts[] {
  const result: PrefixPorts[] = [];
  for (const entry of [...entries].sort(compareEntries)) {
    const last = result.at(-1);
    const same =
      last !== undefined &&
      last.prefix.family === entry.prefix.family &&
      last.prefix.network === entry.prefix.network &&
      last.prefix.length === entry.prefix.length;
    if (same && last.ports && entry.ports && last.ports.last + 1 === entry.ports.first) {
      const ports = { first: last.ports.first, last: entry.ports.last };
      result[result.length - 1] = prefixPorts(entry.prefix, ports);
    } else {
      result.push(entry);
    }
  }
  return result;
}
