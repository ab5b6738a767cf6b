// Which port of a public address a flow gets.

import type { PortSet } from "../../tables/port-set.ts";
import type { PortRange } from "../../wire/port.ts";

export interface PortWishes {
  readonly range: PortRange;
  /** Ports that belong to others, in ascending order. */
  readonly withheld: readonly PortRange[];
  /** 0: even, 1: odd, -1: any. */
  readonly parity: number;
  /** The port to try before all others, -1 for none. */
  readonly first: number;
}

/** Whether a taken port may be used by one more. */
export type MayShare = (port: number) => boolean;

/** Ports asked one by one for being shared, before any free one is taken. */
const SHARE_MAX = 256;

export function isOwnPort({ range, withheld }: PortWishes, port: number): boolean {
  return port >= range.first && port <= range.last && withheldRange(withheld, port) === undefined;
}

/** A port that is free, or that may be shared, looked for from `start` on and then from the
 * beginning; -1 for none. */
export function searchPort(
  ports: PortSet,
  wishes: PortWishes,
  start: number,
  mayShare: MayShare | undefined,
): number {
  const { first: wish, range, parity } = wishes;
  if (wish >= 0 && isOwnPort(wishes, wish) && (parity < 0 || (wish & 1) === parity)) {
    if (ports.isFree(wish) || mayShare?.(wish)) return wish;
  }
  if (mayShare !== undefined) {
    const shared = searchShared(ports, wishes, start, mayShare);
    if (shared >= 0) return shared;
  }
  const port = searchFree(ports, wishes, start, range.last);
  if (port >= 0 || start === range.first) return port;
  return searchFree(ports, wishes, range.first, start - 1);
}

/** The next free port or one that may be shared, among some from `start` on. */
function searchShared(
  ports: PortSet,
  wishes: PortWishes,
  start: number,
  mayShare: MayShare,
): number {
  const { first, last } = wishes.range;
  const count = last + 1 - first;
  for (let i = 0; i < Math.min(count, SHARE_MAX); i++) {
    const port = first + ((start - first + i) % count);
    if (wishes.parity >= 0 && (port & 1) !== wishes.parity) continue;
    if (!isOwnPort(wishes, port)) continue;
    if (ports.isFree(port) || mayShare(port)) return port;
  }
  return -1;
}

/** The first free port from `first` to `last`, or -1. */
function searchFree(
  ports: PortSet,
  { withheld, parity }: PortWishes,
  first: number,
  last: number,
): number {
  let from = first;
  while (from <= last) {
    const port = ports.nextFree(from, last);
    if (port < 0) return -1;
    const range = withheldRange(withheld, port);
    if (range === undefined && (parity < 0 || (port & 1) === parity)) return port;
    from = range === undefined ? port + 1 : range.last + 1;
  }
  return -1;
}

function withheldRange(withheld: readonly PortRange[], port: number): PortRange | undefined {
  return withheld.find(({ first, last }) => port >= first && port <= last);
}
