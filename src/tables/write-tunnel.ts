// Data path.
// A VXLAN tunnel's headers in front of an IP packet (RFC 7348), from a prepared template.

import { TEMPLATE_BYTES } from "./adjacency-table.ts";

/** The memory in which packets stand. */
export interface PacketMemory {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/**
 * Writes TEMPLATE_BYTES bytes in front of the IP packet from `packet` to `end`. `template` is the
 * word offset in `templates` (adjacency-table.ts); `ports` stand for its flow, with its addresses.
 */
export type TunnelWriter = (
  packet: number,
  end: number,
  template: number,
  templates: Int32Array,
  ports: number,
) => void;

const HEADERS = TEMPLATE_BYTES;
const OUTER_ETHERNET = 14;

export function tunnelWriter({ bytes, view }: PacketMemory): TunnelWriter {
  /** 14 bits that are the same for all packets of a flow (RFC 7348, 5: the source port). */
  function entropy(packet: number, v6: boolean, ports: number): number {
    const source = view.getInt32(packet + (v6 ? 20 : 12));
    const destination = view.getInt32(packet + (v6 ? 36 : 16));
    let hash = source ^ Math.imul(destination, 0x85ebca6b) ^ Math.imul(ports, 0xc2b2ae35);
    hash = Math.imul(hash ^ (hash >>> 15), 0x27d4eb2f);
    return hash >>> 18;
  }

  return function writeTunnel(packet, end, template, templates, ports) {
    const at = (packet - HEADERS) | 0;
    const v6 = bytes[packet]! >>> 4 === 6;
    const ipLength = (end - at - OUTER_ETHERNET) | 0;
    // The template holds the sum of the rest of the header.
    const sum = templates[template + 6]! >>> 16;
    let checksum = sum + ipLength;
    checksum = ~((checksum & 0xffff) + (checksum >>> 16)) & 0xffff;
    view.setInt32(at, templates[template]!);
    view.setInt32(at + 4, templates[template + 1]!);
    view.setInt32(at + 8, templates[template + 2]!);
    view.setInt32(at + 12, templates[template + 3]!);
    view.setInt32(at + 16, ipLength << 16);
    view.setInt32(at + 20, templates[template + 5]!);
    view.setInt32(at + 24, (templates[template + 6]! & 0xffff) | (checksum << 16));
    view.setInt32(at + 28, templates[template + 7]!);
    view.setInt32(at + 32, templates[template + 8]! | entropy(packet, v6, ports));
    view.setInt32(at + 36, templates[template + 9]! | (ipLength - 20));
    view.setInt32(at + 40, templates[template + 10]!);
    view.setInt32(at + 44, templates[template + 11]!);
    view.setInt32(at + 48, templates[template + 12]!);
    view.setInt32(at + 52, templates[template + 13]!);
    view.setInt32(at + 56, templates[template + 14]!);
    view.setInt32(at + 60, (templates[template + 15]! & ~0xffff) | (v6 ? 0x86dd : 0x0800));
  };
}
