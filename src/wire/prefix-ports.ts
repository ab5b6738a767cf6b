// A prefix with, perhaps, a range of ports: what an expose offers. A list of them denotes a set of
// (address, port) pairs; here are the sizes, overlaps and differences of such sets. No ports means
// all 65,536, and every packet, with ports or without.

import { formatPorts, PORT_COUNT, type PortRange, portsOverlap } from "./port.ts";
import {
  addressCount,
  containsPrefix,
  formatPrefix,
  type Prefix,
  prefixesOverlap,
  prefixOf,
} from "./prefix.ts";

export interface PrefixPorts {
  readonly prefix: Prefix;
  /** Never 0-65535: that is written as undefined. */
  readonly ports?: PortRange | undefined;
}

/** Ports 0-65535 become "no ports". */
export function prefixPorts(prefix: Prefix, ports: PortRange | undefined): PrefixPorts {
  if (ports === undefined || portCount(ports) === PORT_COUNT) return { prefix };
  return { prefix, ports };
}

export function portCount(ports: PortRange | undefined): number {
  return ports === undefined ? PORT_COUNT : ports.last - ports.first + 1;
}

/** Number of (address, port) pairs. */
export function sizeOf(entries: readonly PrefixPorts[]): bigint {
  return entries.reduce(
    (sum, { prefix, ports }) => sum + addressCount(prefix) * BigInt(portCount(ports)),
    0n,
  );
}

export function entriesOverlap(a: PrefixPorts, b: PrefixPorts): boolean {
  return portsOverlap(a.ports, b.ports) && prefixesOverlap(a.prefix, b.prefix);
}

export function formatPrefixPorts({ prefix, ports }: PrefixPorts): string {
  return ports === undefined
    ? formatPrefix(prefix)
    : `${formatPrefix(prefix)}:${formatPorts(ports)}`;
}

/** IPv4 before IPv6, then address, shorter prefixes first, "no ports" before any, then ports. */
export function compareEntries(a: PrefixPorts, b: PrefixPorts): number {
  if (a.prefix.family !== b.prefix.family) return a.prefix.family - b.prefix.family;
  if (a.prefix.network !== b.prefix.network) return a.prefix.network < b.prefix.network ? -1 : 1;
  if (a.prefix.length !== b.prefix.length) return a.prefix.length - b.prefix.length;
  const [first, last] = [a.ports?.first ?? -1, a.ports?.last ?? -1];
  return first - (b.ports?.first ?? -1) || last - (b.ports?.last ?? -1);
}

/** What of `entry` is not in `hole`: the same prefix with the other ports, then the pieces of the
 * prefix outside the hole with the ports that both have. */
export function subtract(entry: PrefixPorts, hole: PrefixPorts): PrefixPorts[] {
  if (!entriesOverlap(entry, hole)) return [entry];
  const own = entry.ports ?? { first: 0, last: PORT_COUNT - 1 };
  const cut = hole.ports ?? { first: 0, last: PORT_COUNT - 1 };
  const both = { first: Math.max(own.first, cut.first), last: Math.min(own.last, cut.last) };
  const result: PrefixPorts[] = [];
  const rest = (first: number, last: number) => {
    if (first <= last) result.push(prefixPorts(entry.prefix, { first, last }));
  };
  rest(own.first, both.first - 1);
  rest(both.last + 1, own.last);
  if (containsPrefix(hole.prefix, entry.prefix)) return result;
  for (const prefix of prefixesOutside(entry.prefix, hole.prefix)) {
    result.push(prefixPorts(prefix, both));
  }
  return result;
}

/** The halves left over on the way from `outer` down to `inner`. */
function prefixesOutside(outer: Prefix, inner: Prefix): Prefix[] {
  const result: Prefix[] = [];
  const bits = inner.family === 4 ? 32 : 128;
  const address = { family: inner.family, value: inner.network };
  for (let length = outer.length + 1; length <= inner.length; length++) {
    const taken = prefixOf(address, length);
    result.push({ ...taken, network: taken.network ^ (1n << BigInt(bits - length)) });
  }
  return result;
}
