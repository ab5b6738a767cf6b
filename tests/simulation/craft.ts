// Packets as hosts and routers of the simulated world send them, written straight into bytes.

import { type Address, writeAddress } from "./address.ts";
import { ICMP, ICMPV6, TCP, UDP } from "./model.ts";
import {
  checksumOffset,
  type Packet,
  writeHeaderChecksum,
  writeTransportChecksum,
} from "./packet.ts";

export interface Endpoints {
  readonly vpc: number;
  readonly protocol: number;
  readonly source: Address;
  readonly destination: Address;
  readonly sourcePort: number;
  readonly destinationPort: number;
}

export interface Segment {
  readonly flags: number;
  readonly sequence: number;
  readonly acknowledged: number;
  readonly window: number;
  /** Of a SYN; undefined: the option is not there. */
  readonly scale?: number | undefined;
}

const TCP_OFFSET = 0x50;
/** A window scale and one byte of padding. */
const SCALE_OPTION = 0x03030000;

/** The IP header of a packet with `size` bytes behind it; where they begin. */
function writeHeader(
  packet: Packet,
  { vpc, protocol, source, destination }: Endpoints,
  size: number,
  id: number,
): number {
  const { view } = packet;
  const { v6 } = source;
  const l4 = v6 ? 40 : 20;
  const hops = 2 + (id % 63);
  const trafficClass = (id >> 3) & 0xff;
  packet.seal(l4 + size, vpc);
  if (v6) {
    view.setUint32(0, 0x60000000 | (trafficClass << 20) | id);
    view.setUint32(4, (size << 16) | (protocol << 8) | hops);
  } else {
    view.setUint32(0, 0x45000000 | (trafficClass << 16) | (l4 + size));
    view.setUint32(4, (id << 16) | ((id & 1) << 14));
    view.setUint32(8, (hops << 24) | (protocol << 16));
  }
  writeAddress(view, v6 ? 8 : 12, source);
  writeAddress(view, v6 ? 24 : 16, destination);
  if (!v6) writeHeaderChecksum(view, 0);
  return l4;
}

/** `size` bytes that are not all the same. */
function fill({ view }: Packet, at: number, size: number, id: number): void {
  for (let i = 0; i < size; i++) view.setUint8(at + i, id + i * 7);
}

export function craftTcp(
  packet: Packet,
  ends: Endpoints,
  segment: Segment,
  size: number,
  id: number,
): void {
  const options = segment.scale === undefined ? 0 : 4;
  const l4 = writeHeader(packet, ends, 20 + options + size, id);
  const { view } = packet;
  view.setUint16(l4, ends.sourcePort);
  view.setUint16(l4 + 2, ends.destinationPort);
  view.setUint32(l4 + 4, segment.sequence);
  view.setUint32(l4 + 8, segment.acknowledged);
  view.setUint16(l4 + 12, ((TCP_OFFSET + options * 4) << 8) | segment.flags);
  view.setUint16(l4 + 14, segment.window);
  view.setUint32(l4 + 16, 0);
  if (segment.scale !== undefined) view.setUint32(l4 + 20, SCALE_OPTION | (segment.scale << 8));
  fill(packet, l4 + 20 + options, size, id);
  writeTransportChecksum(view, 0, packet.length);
}

export function craftUdp(packet: Packet, ends: Endpoints, size: number, id: number): void {
  const l4 = writeHeader(packet, ends, 8 + size, id);
  const { view } = packet;
  view.setUint16(l4, ends.sourcePort);
  view.setUint16(l4 + 2, ends.destinationPort);
  view.setUint16(l4 + 4, 8 + size);
  fill(packet, l4 + 8, size, id);
  if (id % 16 === 0 && !ends.source.v6) view.setUint16(l4 + 6, 0);
  else writeTransportChecksum(view, 0, packet.length);
}

/** An echo or timestamp, asking or answering. */
export function craftQuery(
  packet: Packet,
  ends: Endpoints,
  type: number,
  sequence: number,
  id: number,
): void {
  const l4 = writeHeader(packet, ends, 24, id);
  const { view } = packet;
  view.setUint16(l4, type << 8);
  view.setUint16(l4 + 4, ends.sourcePort);
  view.setUint16(l4 + 6, sequence);
  fill(packet, l4 + 8, 16, id);
  writeTransportChecksum(view, 0, packet.length);
}

/** A protocol without ports. */
export function craftOther(packet: Packet, ends: Endpoints, id: number): void {
  const l4 = writeHeader(packet, ends, 24, id);
  fill(packet, l4, 24, id);
}

/** An ICMP error from a host or router about a packet that came to it, of which it quotes `size`
 * bytes. */
export function craftError(
  packet: Packet,
  vpc: number,
  source: Address,
  about: Uint8Array,
  typeAndCode: number,
  size: number,
  id: number,
): void {
  const { v6 } = source;
  const protocol = v6 ? ICMPV6 : ICMP;
  const destination = source;
  const ends = { vpc, protocol, source, destination, sourcePort: 0, destinationPort: 0 };
  const l4 = writeHeader(packet, ends, 8 + size, id);
  const { view, buffer } = packet;
  buffer.set(about.subarray(0, size), l4 + 8);
  // To whom the packet says it is from.
  buffer.copyWithin(v6 ? 24 : 16, l4 + 8 + (v6 ? 8 : 12), l4 + 8 + (v6 ? 24 : 16));
  view.setUint16(l4, typeAndCode);
  view.setUint32(l4 + 4, typeAndCode === 0x0304 || typeAndCode === 0x0200 ? 1300 : 0);
  const hops = l4 + 8 + (v6 ? 7 : 8);
  view.setUint8(hops, Math.max(view.getUint8(hops) - 1, 1));
  if (!v6) writeHeaderChecksum(view, l4 + 8);
  if (!v6) writeHeaderChecksum(view, 0);
  writeTransportChecksum(view, 0, packet.length);
}

/** A link that damages what is behind the addresses and ports, or the IPv4 header. */
export function damage(packet: Packet, kind: number, at: number): void {
  const { view, length } = packet;
  const v6 = view.getUint8(0) >>> 4 === 6;
  const l4 = v6 ? 40 : 20;
  const protocol = view.getUint8(v6 ? 6 : 9);
  if (kind === 0) {
    view.setUint8(v6 ? 7 : 8, 1);
    if (!v6) writeHeaderChecksum(view, 0);
    return;
  }
  if (kind === 1 && !v6) {
    view.setUint16(10, view.getUint16(10) ^ (1 << (at % 16)));
    return;
  }
  const field = l4 + checksumOffset(protocol);
  if (kind === 2 && field >= l4) {
    const value = view.getUint16(field) ^ (1 << (at % 16));
    if (protocol !== UDP || (value !== 0 && view.getUint16(field) !== 0)) {
      view.setUint16(field, value);
    }
    return;
  }
  const header = protocol === TCP ? (view.getUint8(l4 + 12) >>> 4) * 4 : 8;
  if (length > l4 + header) {
    const place = l4 + header + (at % (length - l4 - header));
    view.setUint8(place, view.getUint8(place) ^ (1 << (at % 8)));
  }
}
