// Data path.
// A VXLAN tunnel's headers in front of an IP packet (RFC 7348), from a prepared template.

import { type AdjacencyTable, TEMPLATE_BYTES } from "./adjacency-table.ts";

/** The memory in which packets stand. */
export interface PacketMemory {
  readonly view: DataView;
}

/**
 * The tunnel has the service class and the congestion bits of the packet (RFC 2983, 3.1; RFC 6040,
 * 4.1).
 *
 * Writes TEMPLATE_BYTES bytes in front of the IP packet from `packet` to `end`. `ports` stand for
 * its flow, with its addresses.
 */
export type TunnelWriter = (
  packet: number,
  end: number,
  adjacency: number,
  table: AdjacencyTable,
  ports: number,
) => void;

const HEADERS = TEMPLATE_BYTES;
const OUTER_ETHERNET = 14;
/** The high bits of the source port (RFC 7348, 5). */
const PORTS_FROM = 0xc000;

export function tunnelWriter({ view }: PacketMemory): TunnelWriter {
  /** 14 bits that are the same for all packets of a flow (RFC 7348, 5: the source port). */
  function entropy(packet: number, v6: boolean, ports: number): number {
    const source = view.getInt32(packet + (v6 ? 20 : 12));
    const destination = view.getInt32(packet + (v6 ? 36 : 16));
    let hash = source ^ Math.imul(destination, 0x85ebca6b) ^ Math.imul(ports, 0xc2b2ae35);
    hash = Math.imul(hash ^ (hash >>> 15), 0x27d4eb2f);
    return hash >>> 18;
  }

  return function writeTunnel(packet, end, adjacency, { quads, sums }, ports) {
    const at = (packet - HEADERS) | 0;
    const first = view.getUint16(packet);
    const v6 = first >>> 12 === 6;
    const service = (v6 ? first >>> 4 : first) & 0xff;
    const ipLength = (end - at - OUTER_ETHERNET) | 0;
    let sum = sums[adjacency]! + ipLength + service;
    sum = (sum & 0xffff) + (sum >>> 16);
    const from = adjacency << 3;
    view.setBigInt64(at, quads[from]!, true);
    view.setBigInt64(at + 8, quads[from + 1]!, true);
    view.setBigInt64(at + 16, quads[from + 2]!, true);
    view.setBigInt64(at + 24, quads[from + 3]!, true);
    view.setBigInt64(at + 32, quads[from + 4]!, true);
    view.setBigInt64(at + 40, quads[from + 5]!, true);
    view.setBigInt64(at + 48, quads[from + 6]!, true);
    view.setBigInt64(at + 56, quads[from + 7]!, true);
    view.setInt8(at + 15, service);
    view.setInt16(at + 16, ipLength);
    view.setInt16(at + 24, ~((sum & 0xffff) + (sum >>> 16)));
    view.setInt16(at + 34, PORTS_FROM | entropy(packet, v6, ports));
    view.setInt16(at + 38, ipLength - 20);
    view.setInt16(at + 62, v6 ? 0x86dd : 0x0800);
  };
}
