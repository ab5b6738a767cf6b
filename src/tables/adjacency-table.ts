// Data path.
// The bytes to put before a packet that leaves through the underlay: outer Ethernet, IPv4, UDP,
// VXLAN and inner Ethernet (RFC 7348), 64 bytes, ready but for the lengths, the outer header
// checksum and the source port. Adjacency 0 means "out the way it came".

/** Bytes of a template, and of everything before the inner IP header. */
export const TEMPLATE_BYTES = 64;
/** Longest IP packet that, with the tunnel around it, is still one: all but the outer Ethernet. */
export const TUNNELLED_MAX = 65_535 - (TEMPLATE_BYTES - 14);

export interface AdjacencyInit {
  /** MAC addresses are 6 bytes, IPv4 addresses 32-bit numbers. */
  readonly outerSourceMac: Uint8Array;
  readonly outerDestinationMac: Uint8Array;
  readonly vtep: number;
  readonly remoteVtep: number;
  readonly vni: number;
  readonly innerSourceMac: Uint8Array;
  readonly innerDestinationMac: Uint8Array;
}

/** By adjacency; what stands for adjacency 0 is never used. */
export interface AdjacencyTable {
  /** The templates one behind the other, their bytes as little-endian numbers. */
  readonly quads: BigInt64Array;
  /** Sums of the outer IP headers (RFC 1071) without total length and checksum, 16 bits. */
  readonly sums: Int32Array;
}

export function buildAdjacencyTable(adjacencies: readonly AdjacencyInit[]): AdjacencyTable {
  const table = new Uint8Array((adjacencies.length + 1) * TEMPLATE_BYTES);
  const view = new DataView(table.buffer);
  const sums = new Int32Array(adjacencies.length + 1);
  adjacencies.forEach((adjacency, index) => {
    sums[index + 1] = writeTemplate(table, (index + 1) * TEMPLATE_BYTES, adjacency);
  });
  const count = table.length / 8;
  const quads = BigInt64Array.from({ length: count }, (_, quad) =>
    view.getBigInt64(8 * quad, true),
  );
  return { quads, sums };
}

/** Writes one template, and returns the sum of its outer IP header. */
export function writeTemplate(table: Uint8Array, at: number, adjacency: AdjacencyInit): number {
  const view = new DataView(table.buffer, table.byteOffset);
  table.fill(0, at, at + TEMPLATE_BYTES);
  table.set(adjacency.outerDestinationMac, at);
  table.set(adjacency.outerSourceMac, at + 6);
  view.setUint16(at + 12, 0x0800);
  view.setUint16(at + 14, 0x4500);
  view.setUint16(at + 20, 0x4000); // Don't fragment.
  view.setUint16(at + 22, 0x4011); // TTL 64, UDP.
  view.setUint32(at + 26, adjacency.vtep);
  view.setUint32(at + 30, adjacency.remoteVtep);
  view.setUint16(at + 36, 4789);
  view.setUint8(at + 42, 0x08);
  view.setUint32(at + 46, adjacency.vni << 8);
  writeEthernet(table, at, adjacency.innerSourceMac, adjacency.innerDestinationMac);
  let sum = 0;
  for (let i = 14; i < 34; i += 2) sum += view.getUint16(at + i);
  sum = (sum & 0xffff) + (sum >>> 16);
  return (sum & 0xffff) + (sum >>> 16);
}

/** The end of a template, all of it where there is no tunnel. */
export function writeEthernet(
  table: Uint8Array,
  at: number,
  source: Uint8Array,
  destination: Uint8Array,
): void {
  table.set(destination, at + 50);
  table.set(source, at + 56);
}
