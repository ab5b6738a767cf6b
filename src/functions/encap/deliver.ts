// Data path.
// The last hop: which neighbor a packet goes to, by the routes of its VPC, and the headers that
// lead there. While those are not known the packet is held.

import { segmentsFit } from "../../packet/offload.ts";
import type { PacketPool } from "../../packet/packet-pool.ts";
import { DROP, HELD } from "../../packet/verdict.ts";
import { TEMPLATE_BYTES, TUNNELLED_MAX } from "../../tables/adjacency-table.ts";
import type { HeldPackets } from "../../tables/held-packets.ts";
import { ETHERNET, type NeighborTable, TUNNEL } from "../../tables/neighbor-table.ts";
import { lookup } from "../../tables/prefix-table.ts";
import { ROUTE_WORDS, type SnapshotHolder } from "../../tables/snapshot.ts";
import type { TunnelWriter } from "../../tables/write-tunnel.ts";

/** Puts headers in front of the IP packet from `packet` to `end`, which goes to the VPC in `toVpc`.
 * 0, or the verdict of a packet that does not leave now. */
export type Deliverer = (row: number, packet: number, end: number) => number;

const NO_ROUTE = DROP["no-route"].code;
const UNRESOLVED = DROP["neighbor-unresolved"].code;
const TOO_LONG = DROP["tunnel-too-long"].code;
const ETHERNET_LENGTH = 14;
const IPV4 = 0x0800;
const IPV6 = 0x86dd;

export function deliverer(
  pool: PacketPool,
  snapshot: SnapshotHolder,
  neighbors: NeighborTable,
  held: HeldPackets,
  writeTunnel: TunnelWriter,
): Deliverer {
  const { bytes, view, words, start, length, rxInterface, txInterface, toVpc, vpc } = pool;
  const { direction, sourcePort, destinationPort, datagram, offload } = pool;
  const { kinds, interfaces, used, quads } = neighbors;
  const { room } = held;

  /** The oldest gives way where there are as many as there may be. */
  function hold(row: number, packet: number, end: number, entry: number): number {
    if (held.isFull(entry)) held.giveUp(held.take(entry));
    const cell = held.hold(entry, words, packet, end, rxInterface[row]!);
    if (cell < 0) return UNRESOLVED;
    held.offload[cell] = offload[row]!;
    held.vpc[cell] = vpc[row]!;
    held.toVpc[cell] = toVpc[row]!;
    held.direction[cell] = direction[row]!;
    held.sourcePort[cell] = sourcePort[row]!;
    held.destinationPort[cell] = destinationPort[row]!;
    room.number[cell] = -1;
    datagram[row] = cell;
    return HELD;
  }

  /** The end of a template, from two bytes before it on. */
  function writeEthernet(packet: number, v6: number, entry: number): void {
    view.setBigInt64(packet - 16, quads[(entry << 3) + 6]!, true);
    view.setBigInt64(packet - 8, quads[(entry << 3) + 7]!, true);
    view.setInt16(packet - 2, v6 === 0 ? IPV4 : IPV6);
  }

  return function deliver(row, packet, end) {
    const { cells, routeRoots, routes } = snapshot.current;
    const v6 = bytes[packet]! >>> 4 === 6 ? 1 : 0;
    const at = packet + (v6 === 0 ? 16 : 24);
    const route = lookup(cells, routeRoots[(toVpc[row]! << 1) | v6]!, bytes, at) * ROUTE_WORDS;
    if (route === 0) return NO_ROUTE;
    let entry = routes[route + 1]!;
    if (entry < 0) entry = neighbors.reach(routes[route]!, view, at, v6);
    if (entry < 0) return UNRESOLVED;
    used[entry] = 1;
    const kind = kinds[entry]!;
    let headers = ETHERNET_LENGTH;
    if (kind === ETHERNET) writeEthernet(packet, v6, entry);
    else if (kind === TUNNEL) {
      const fits = end - packet <= TUNNELLED_MAX || segmentsFit(pool, row, packet, TUNNELLED_MAX);
      if (!fits) return TOO_LONG;
      const ports = (sourcePort[row]! << 16) | (destinationPort[row]! & 0xffff);
      writeTunnel(packet, end, entry, neighbors, ports);
      headers = TEMPLATE_BYTES;
    } else return hold(row, packet, end, entry);
    start[row] = packet - headers;
    length[row] = end - packet + headers;
    txInterface[row] = interfaces[entry]!;
    return 0;
  };
}
