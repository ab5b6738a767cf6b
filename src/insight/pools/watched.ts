// The levels of the pools with those of their public addresses, to be watched.

import type { Gateway } from "../../gateway/gateway.ts";
import type { Work } from "../work.ts";
import { findPools, type PoolLevel, type PoolSet } from "./levels.ts";

export interface WatchedPool extends PoolLevel {
  readonly watched: WatchedAddresses;
}

/** Public addresses of a pool that have been used: the fullest, fullest first. As columns, since
 * they are sent from one thread to another every few seconds, and thousands of objects would keep
 * packets waiting. */
export interface WatchedAddresses {
  /** Numbers of their port sets: the same as long as the gateway runs. */
  readonly sets: Int32Array;
  /** Ports that each may give, and those that are taken, by whomever. */
  readonly sizes: Int32Array;
  readonly taken: Int32Array;
  /** In network order, one behind the other. */
  readonly bytes: Uint8Array;
}

/** Addresses watched of all pools together; of each pool one at least. */
const WATCHED_MAX = 4096;
/** TCP, UDP, and the queries of ICMP. */
const PROTOCOLS = 3;
const ADDRESSES_AT_ONCE = 256;

/** In the order of the configuration. */
export function* watchedPools(gateway: Gateway): Work<WatchedPool[]> {
  const levels = PROTOCOLS * gateway.parts.names.pools.length;
  const most = Math.max(1, Math.floor(WATCHED_MAX / Math.max(1, levels)));
  const found = yield* findPools(gateway, most);
  const watched: WatchedPool[] = [];
  for (const { level, fullest } of found) {
    yield;
    watched.push({ ...level, watched: yield* columnsOf(fullest) });
  }
  return watched;
}

function* columnsOf(fullest: readonly PoolSet[]): Work<WatchedAddresses> {
  const count = fullest.length;
  const width = fullest[0]?.address.bytes.length ?? 4;
  const [sets, sizes, taken] = [
    new Int32Array(count),
    new Int32Array(count),
    new Int32Array(count),
  ];
  const bytes = new Uint8Array(width * count);
  for (let i = 0; i < count; i++) {
    if (i % ADDRESSES_AT_ONCE === ADDRESSES_AT_ONCE - 1) yield;
    const one = fullest[i]!;
    sets[i] = one.set;
    sizes[i] = one.address.size;
    taken[i] = one.taken;
    bytes.set(one.address.bytes, width * i);
  }
  return { sets, sizes, taken, bytes };
}
