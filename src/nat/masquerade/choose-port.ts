// Which port of a public address a flow gets.

import type { PortSet } from "../../tables/port-set.ts";
import type { PortRange } from "../../wire/port.ts";

/** Of a public address. */
export interface Ports {
  readonly range: PortRange;
  /** Ports that belong to others, in ascending order. */
  readonly withheld: readonly PortRange[];
}

/** Whether a taken port may be used by one more. */
export type MayShare = (port: number) => boolean;

/** Ports asked one by one for being shared, before any free one is taken. */
const SHARE_MAX = 256;

/** How many more may be asked when none is free. A pool that is full for one destination would
 * otherwise be searched from end to end for each packet to it. */
export interface Patience {
  left: number;
}

export function isOwnPort({ range, withheld }: Ports, port: number): boolean {
  return port >= range.first && port <= range.last && withheldRange(withheld, port) === undefined;
}

/** How many there are. */
export function ownPortCount({ range, withheld }: Ports): number {
  let count = range.last + 1 - range.first;
  let next = range.first;
  for (const { first, last } of withheld.toSorted((a, b) => a.first - b.first)) {
    const from = Math.max(first, next);
    const to = Math.min(last, range.last);
    if (from > to) continue;
    count -= to + 1 - from;
    next = to + 1;
  }
  return count;
}

/** The port `wish` itself (-1: none is wished for), or one of that parity (0: even, 1: odd, -1:
 * any) that is free or may be shared, looked for from `start` on and then from the beginning; -1
 * for none. */
export function searchPort(
  set: PortSet,
  ports: Ports,
  start: number,
  wish: number,
  parity: number,
  mayShare: MayShare | undefined,
  patience: Patience,
): number {
  if (wish >= 0 && isOwnPort(ports, wish) && (parity < 0 || (wish & 1) === parity)) {
    if (set.isFree(wish) || mayShare?.(wish)) return wish;
  }
  if (mayShare !== undefined) {
    const shared = searchShared(set, ports, start, SHARE_MAX, parity, mayShare);
    if (shared >= 0) return shared;
  }
  const { first, last } = ports.range;
  let port = searchFree(set, ports, start, last, parity);
  if (port < 0 && start > first) port = searchFree(set, ports, first, start - 1, parity);
  if (port >= 0 || mayShare === undefined) return port;
  const width = last + 1 - first;
  const more = Math.min(width - SHARE_MAX, patience.left);
  if (more <= 0) return -1;
  const next = first + ((start - first + SHARE_MAX) % width);
  port = searchShared(set, ports, next, more, parity, mayShare);
  patience.left -= port < 0 ? more : ((port - next + width) % width) + 1;
  return port;
}

/** The next free port or one that may be shared, among `most` from `start` on. */
function searchShared(
  set: PortSet,
  ports: Ports,
  start: number,
  most: number,
  parity: number,
  mayShare: MayShare,
): number {
  const { first, last } = ports.range;
  const count = last + 1 - first;
  for (let i = 0; i < Math.min(count, most); i++) {
    const port = first + ((start - first + i) % count);
    if (parity >= 0 && (port & 1) !== parity) continue;
    if (!isOwnPort(ports, port)) continue;
    if (set.isFree(port) || mayShare(port)) return port;
  }
  return -1;
}

/** The first free port from `first` to `last`, or -1. */
function searchFree(
  set: PortSet,
  { withheld }: Ports,
  first: number,
  last: number,
  parity: number,
): number {
  let from = first;
  while (from <= last) {
    const port = set.nextFree(from, last);
    if (port < 0) return -1;
    const range = withheldRange(withheld, port);
    if (range === undefined && (parity < 0 || (port & 1) === parity)) return port;
    from = range === undefined ? port + 1 : range.last + 1;
  }
  return -1;
}

function withheldRange(withheld: readonly PortRange[], port: number): PortRange | undefined {
  for (let i = 0; i < withheld.length; i++) {
    const range = withheld[i]!;
    if (port >= range.first && port <= range.last) return range;
  }
  return undefined;
}
