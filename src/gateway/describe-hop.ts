// For traces: whom a packet by the routes of its VPC goes to.

import type { PacketPool } from "../packet/packet-pool.ts";
import { HELD } from "../packet/verdict.ts";
import type { NeighborTable } from "../tables/neighbor-table.ts";
import { lookup } from "../tables/prefix-table.ts";
import { ROUTE_WORDS, ROUTED, type SnapshotHolder } from "../tables/snapshot.ts";
import { formatIpAddress, readIpAddress } from "../wire/ip-address.ts";

/** Of the packet in a row, behind `encap`: "next hop 10.0.0.9", or "". */
export function hopTeller(
  pool: PacketPool,
  snapshot: SnapshotHolder,
  neighbors: NeighborTable,
): (row: number) => string {
  const { bytes, view, l3, toVpc, adjacency, verdict } = pool;
  const address = new Uint8Array(16);
  const addressView = new DataView(address.buffer);
  return (row) => {
    if (adjacency[row] !== ROUTED) return "";
    const { cells, routeRoots, routes } = snapshot.current;
    const packet = l3[row]!;
    const v6 = bytes[packet]! >>> 4 === 6 ? 1 : 0;
    const at = packet + (v6 === 0 ? 16 : 24);
    const route = lookup(cells, routeRoots[(toVpc[row]! << 1) | v6]!, bytes, at) * ROUTE_WORDS;
    if (route === 0) return "";
    const through = routes[route + 1]!;
    const entry = through < 0 ? neighbors.find(routes[route]!, view, at, v6) : through;
    if (entry < 0) return "";
    neighbors.writeAddress(entry, addressView, 0);
    const hop = formatIpAddress(readIpAddress(address, 0, neighbors.isV6(entry) ? 6 : 4));
    return `next hop ${hop}${verdict[row] === HELD ? ", not found yet" : ""}`;
  };
}
