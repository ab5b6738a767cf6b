// Data path.
// The link and tunnel headers of the way out. Adjacency 0 is the way the packet came: its own outer
// headers come back, with the VNI of the VPC it goes to. ROUTED is the VPC's routes, deliver.ts.
// Any other writes the prepared headers of a tunnel (RFC 7348) into the bytes before the packet.

import { byteSum, fold, wordSum } from "../../packet/checksum-update.ts";
import { segmentsFit } from "../../packet/offload.ts";
import type { PacketPool } from "../../packet/packet-pool.ts";
import { DROP } from "../../packet/verdict.ts";
import {
  type AdjacencyTable,
  TEMPLATE_BYTES,
  TUNNELLED_MAX,
} from "../../tables/adjacency-table.ts";
import { ROUTED, type SnapshotHolder } from "../../tables/snapshot.ts";
import type { TunnelWriter } from "../../tables/write-tunnel.ts";
import type { NetworkFunction } from "../network-function.ts";
import type { Deliverer } from "./deliver.ts";

const TOO_LONG = DROP["tunnel-too-long"].code;
const ETHERTYPE_IPV6 = 0x86dd;
const UDP = 17;

export function encap(
  pool: PacketPool,
  snapshot: SnapshotHolder,
  writeTunnel: TunnelWriter,
  deliver: Deliverer,
  describe: (row: number) => string,
): NetworkFunction {
  const { bytes, view, start, length, outer, l3, end, toVpc, adjacency } = pool;
  const { rxInterface, txInterface } = pool;
  const { sourcePort, destinationPort, verdict } = pool;

  /** Out as it came; a packet that came without a tunnel needs nothing. */
  function putBack(row: number, vni: number): void {
    txInterface[row] = rxInterface[row]!;
    const outerStart = outer[row]!;
    if (outerStart < 0) return;
    const inner = start[row]!;
    // The last byte of the word is reserved and stays.
    view.setInt32(inner - 4, (vni << 8) | bytes[inner - 1]!);
    if (view.getUint16(inner - 10) !== 0) renewChecksum(outerStart, inner, length[row]!);
    start[row] = outerStart;
    length[row] = length[row]! + inner - outerStart;
  }

  /** The UDP checksum of a tunnel that had one covers what has changed. Over IPv4 it becomes zero,
   * as RFC 7348 wants it; IPv6 may not go without (RFC 8200, 8.1). */
  function renewChecksum(outerStart: number, inner: number, innerLength: number): void {
    const udp = inner - 16;
    const l3 = udp - 40;
    const bare = l3 === outerStart;
    const typed = l3 > outerStart && view.getUint16(l3 - 2) === ETHERTYPE_IPV6;
    view.setUint16(udp + 6, 0);
    if (!(bare || typed) || bytes[l3]! >>> 4 !== 6) return;
    const udpLength = innerLength + 16;
    const addresses = wordSum(view, l3 + 8, l3 + 40);
    const sum = fold(byteSum(view, udp, udp + udpLength) + addresses + udpLength + UDP);
    view.setUint16(udp + 6, sum === 0xffff ? 0xffff : ~sum & 0xffff);
  }

  /** A super-frame gets lengths that are cut off here and made right for each of its segments. */
  function isTooLong(row: number): boolean {
    const at = l3[row]!;
    return end[row]! - at > TUNNELLED_MAX && !segmentsFit(pool, row, at, TUNNELLED_MAX);
  }

  function tunnel(row: number, index: number, table: AdjacencyTable): void {
    const packet = l3[row]!;
    const at = packet - TEMPLATE_BYTES;
    const ports = (sourcePort[row]! << 16) | (destinationPort[row]! & 0xffff);
    writeTunnel(packet, end[row]!, index, table, ports);
    txInterface[row] = rxInterface[row]!;
    start[row] = at;
    length[row] = end[row]! - at;
  }

  return {
    name: "encap",
    reads: ["outer", "l3", "end", "toVpc", "adjacency", "sourcePort", "destinationPort", "offload"],
    writes: ["start", "length", "txInterface", "datagram"],
    process(batch) {
      const { rows, count } = batch;
      const { vpcVnis, adjacencies } = snapshot.current;
      let decided = 0;
      for (let i = 0; i < count; i++) {
        const row = rows[i]!;
        const index = adjacency[row]!;
        if (index === 0) {
          putBack(row, vpcVnis[toVpc[row]!]!);
        } else if (index === ROUTED) {
          const code = deliver(row, l3[row]!, end[row]!);
          if (code === 0) continue;
          verdict[row] = code;
          decided++;
        } else if (isTooLong(row)) {
          verdict[row] = TOO_LONG;
          decided++;
        } else {
          tunnel(row, index, adjacencies);
        }
      }
      return decided;
    },
    describe,
  };
}
