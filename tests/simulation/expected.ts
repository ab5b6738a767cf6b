// What must come out, byte for byte: written from the packet that went in.

import { type Address, writeAddress } from "./address.ts";
import { ICMP, ICMPV6, UDP, type VpcModel } from "./model.ts";
import {
  checksumOffset,
  type Packet,
  rewriteQuoted,
  transportResidue,
  writeHeaderChecksum,
  writeTransportChecksum,
} from "./packet.ts";

/** What a packet becomes. */
export interface Rewrite {
  readonly source: Address;
  readonly destination: Address;
  readonly sourcePort: number;
  readonly destinationPort: number;
}

const ICMP_HEADER = 8;
/** The address of nodes that have none (RFC 7600, 4.8). */
const NAMELESS = 0xc0000008;

export class Expected {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  length = 0;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
    this.view = new DataView(this.bytes.buffer);
  }

  equals(other: Uint8Array): boolean {
    if (other.length !== this.length) return false;
    for (let i = 0; i < this.length; i++) if (other[i] !== this.bytes[i]) return false;
    return true;
  }

  /** The packet with other addresses and ports, one hop less, and checksums as right or wrong as
   * they were. */
  packet(packet: Packet, to: Rewrite): void {
    const { view } = this;
    const { l4, length, protocol, query } = packet;
    this.bytes.set(packet.bytes);
    this.length = length;
    const udpWithout = protocol === UDP && view.getUint16(l4 + 6) === 0;
    const none = udpWithout || checksumOffset(protocol) < 0;
    const residue = none ? 0 : transportResidue(view, 0, length);
    this.#header(packet, to.source, to.destination);
    if (packet.sourcePort >= 0) {
      view.setUint16(query ? l4 + 4 : l4, to.sourcePort);
      if (!query) view.setUint16(l4 + 2, to.destinationPort);
    }
    if (!none) writeTransportChecksum(view, 0, length, residue);
  }

  /** Another identification. */
  rename(id: Uint8Array): void {
    this.bytes.set(id, 4);
    writeHeaderChecksum(this.view, 0);
  }

  /** The packet, IPv4 without options, cut into fragments that fit (RFC 791, 3.2). */
  pieces(mtu: number): Uint8Array[] {
    const most = Math.floor((mtu - 20) / 8) * 8;
    const pieces: Uint8Array[] = [];
    for (let from = 20; from < this.length; from += most) {
      // What is left may fit though it is no multiple of 8.
      const end = this.length - from <= mtu - 20 ? this.length : from + most;
      const piece = new Uint8Array(20 + end - from);
      const view = new DataView(piece.buffer);
      piece.set(this.bytes.subarray(0, 20));
      piece.set(this.bytes.subarray(from, end), 20);
      view.setUint16(2, piece.length);
      view.setUint16(6, (end < this.length ? 0x2000 : 0) | ((from - 20) / 8));
      writeHeaderChecksum(view, 0);
      pieces.push(piece);
      if (end === this.length) break;
    }
    return pieces;
  }

  /** An ICMP error of which the packet inside becomes `inner`, and its source `source`. */
  error(packet: Packet, quoted: Packet, source: Address, inner: Rewrite): void {
    const { view } = this;
    this.bytes.set(packet.bytes);
    this.length = packet.length;
    const at = packet.l4 + ICMP_HEADER;
    const addresses = [inner.source, inner.destination] as const;
    const ports = [inner.sourcePort, inner.destinationPort] as const;
    rewriteQuoted(view, quoted, at, packet.length, addresses, ports);
    this.#header(packet, source, inner.source);
    writeTransportChecksum(view, 0, packet.length);
  }

  #header({ v6, hops }: Packet, source: Address, destination: Address): void {
    const { view } = this;
    writeAddress(view, v6 ? 8 : 12, source);
    writeAddress(view, v6 ? 24 : 16, destination);
    view.setUint8(v6 ? 7 : 8, hops - 1);
    if (!v6) writeHeaderChecksum(view, 0);
  }

  /** An ICMP error of the gateway's own about a packet, of the same service class. */
  answer(packet: Packet, vpc: VpcModel, typeAndCode: number, mtu: number): void {
    const { view, bytes } = this;
    const { v6 } = packet;
    const header = v6 ? 40 : 20;
    const quote = Math.min(packet.length, (v6 ? 1280 : 576) - header - ICMP_HEADER);
    this.length = header + ICMP_HEADER + quote;
    bytes.fill(0, 0, header + ICMP_HEADER);
    const own = vpc.addresses.find((address) => address.v6 === v6);
    const [first = 0, second = 0] = packet.bytes;
    const trafficClass = (v6 ? (first % 16) * 16 + (second >> 4) : second) & 0xfc;
    view.setUint32(0, v6 ? 0x60000000 : 0x45000000 + this.length);
    view.setUint16(0, view.getUint16(0) + (v6 ? trafficClass * 16 : trafficClass));
    view.setUint32(4, v6 ? ((this.length - 40) << 16) | (ICMPV6 << 8) | 64 : 0x4000);
    if (!v6) view.setUint32(8, (64 << 24) | (ICMP << 16));
    if (own !== undefined) writeAddress(view, v6 ? 8 : 12, own);
    else view.setUint32(12, NAMELESS);
    writeAddress(view, v6 ? 24 : 16, packet.source);
    if (!v6) writeHeaderChecksum(view, 0);
    view.setUint16(header, typeAndCode);
    view.setUint32(header + 4, v6 && mtu > 0 ? Math.max(mtu, 1280) : mtu);
    bytes.set(packet.bytes.subarray(0, quote), header + ICMP_HEADER);
    writeTransportChecksum(view, 0, this.length);
  }
}
