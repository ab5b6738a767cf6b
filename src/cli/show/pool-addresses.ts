// `isthmus show pools --addresses`: the public addresses of the pools one by one.

import type { ApiPool } from "../api-types.ts";
import { count } from "../human.ts";
import { fill, fullIn, growth, users } from "./pools.ts";
import type { TableView } from "./view.ts";

/** The gateway tells no more of a pool. */
const ADDRESSES_MAX = 100;

/** A public address, and which pool it is of. */
export type PoolAddress = Pick<ApiPool, "vpc" | "peer" | "pool" | "protocol"> &
  ApiPool["addresses"][number];

export function addressesOf(pools: readonly ApiPool[]): PoolAddress[] {
  return pools.flatMap(({ vpc, peer, pool, protocol, addresses }) =>
    addresses.map((each) => ({ vpc, peer, pool, protocol, ...each })),
  );
}

export const poolAddressesView: TableView<PoolAddress> = {
  columns: [
    { title: "ADDRESS", cut: true },
    { title: "PROTOCOL" },
    { title: "USED", right: true },
    { title: "RESTING", right: true, drop: 3 },
    { title: "FREE", right: true },
    { title: "FILL", right: true },
    { title: "REFUSED", right: true },
    { title: "ELSEWHERE", right: true, drop: 7 },
    { title: "GROWTH", right: true, drop: 4 },
    { title: "FULL IN", right: true, drop: 6 },
    { title: "TOP USERS", drop: 5, cut: true },
    { title: "VPCS", drop: 2, cut: true },
    { title: "POOL", drop: 1, cut: true },
  ],
  row: (each) => [
    each.address,
    each.protocol,
    count(each.used),
    count(each.resting),
    count(each.free),
    fill(each),
    count(each.refused),
    count(each.elsewhere),
    growth(each),
    fullIn(each),
    users(each),
    `${each.vpc} > ${each.peer}`,
    each.pool,
  ],
  none: "No public address that is shared has been used.",
  notes: (addresses) => {
    const counts = Map.groupBy(addresses, ({ vpc, peer, pool, protocol }) =>
      [vpc, peer, pool, protocol].join(" "),
    );
    const isCut = [...counts.values()].some(({ length }) => length >= ADDRESSES_MAX);
    return isCut ? [`These are the fullest of each pool, ${ADDRESSES_MAX} at most.`] : [];
  },
};
