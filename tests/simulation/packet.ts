// Packets of the simulated world: reading what is asked of them, and checksums in full, computed
// apart from the gateway's code.

import { type Address, addressAt, writeAddress } from "./address.ts";
import { ICMP, ICMPV6, TCP, UDP } from "./model.ts";

export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const ACK = 16;

/** Views of shorter packets are kept: most are short, and all of few lengths. */
const VIEWS = 100;

/** A packet on its way into the gateway, and what it says. */
export class Packet {
  readonly buffer: Uint8Array;
  readonly view: DataView;
  /** The first `length` bytes of the buffer. */
  bytes: Uint8Array;
  readonly #views: (Uint8Array | undefined)[] = [];
  length = 0;
  /** Index of the VPC it comes from. */
  vpc = 0;
  v6 = false;
  /** Where the transport header begins. */
  l4 = 0;
  protocol = 0;
  hops = 0;
  source!: Address;
  destination!: Address;
  /** Ports, or the identifier of an ICMP query in both; -1: none. */
  sourcePort = -1;
  destinationPort = -1;
  /** An ICMP query: its identifier is no port. */
  query = false;
  error = false;
  /** TCP's. */
  flags = 0;
  key = "";

  constructor(size: number) {
    this.buffer = new Uint8Array(size);
    this.view = new DataView(this.buffer.buffer);
    this.bytes = this.buffer;
  }

  copy(other: Uint8Array, vpc: number): void {
    this.buffer.set(other);
    this.seal(other.length, vpc);
  }

  /** The buffer holds a packet of `length` bytes. */
  seal(length: number, vpc: number): void {
    this.length = length;
    this.vpc = vpc;
    this.bytes = length < VIEWS ? (this.#views[length] ?? this.#viewOf(length)) : this.#cut(length);
  }

  #cut(length: number): Uint8Array {
    return this.buffer.subarray(0, length);
  }

  #viewOf(length: number): Uint8Array {
    const view = this.#cut(length);
    this.#views[length] = view;
    return view;
  }

  /** Reads the headers of a packet that stands at `at` in another, or this one, and ends at `end`. */
  read({ view, buffer: bytes }: Packet, at: number, end: number): void {
    this.v6 = view.getUint8(at) >>> 4 === 6;
    this.l4 = at + (this.v6 ? 40 : 20);
    this.protocol = view.getUint8(at + (this.v6 ? 6 : 9));
    this.hops = view.getUint8(at + (this.v6 ? 7 : 8));
    this.source = addressAt(bytes, at + (this.v6 ? 8 : 12), this.v6);
    this.destination = addressAt(bytes, at + (this.v6 ? 24 : 16), this.v6);
    this.sourcePort = -1;
    this.destinationPort = -1;
    this.flags = 0;
    this.query = false;
    this.error = false;
    this.#readTransport(view, end);
    const { vpc, protocol, source, destination, sourcePort, destinationPort } = this;
    this.key = flowKey(vpc, protocol, source, destination, sourcePort, destinationPort);
  }

  #readTransport(view: DataView, end: number): void {
    const { l4, protocol } = this;
    if (protocol === TCP || protocol === UDP) {
      this.sourcePort = view.getUint16(l4);
      this.destinationPort = view.getUint16(l4 + 2);
      // A quoted packet may end before its flags.
      if (protocol === TCP && l4 + 14 <= end) this.flags = view.getUint8(l4 + 13);
      return;
    }
    if (protocol !== (this.v6 ? ICMPV6 : ICMP)) return;
    const type = view.getUint8(l4);
    this.query = this.v6 ? type === 128 || type === 129 : [0, 8, 13, 14].includes(type);
    this.error = this.v6 ? type < 128 : [3, 5, 11, 12].includes(type);
    if (!this.query) return;
    this.sourcePort = view.getUint16(l4 + 4);
    this.destinationPort = this.sourcePort;
  }
}

/** What packets of one direction of a flow have in common. */
export function flowKey(
  vpc: number,
  protocol: number,
  source: Address,
  destination: Address,
  sourcePort: number,
  destinationPort: number,
): string {
  const ends = (vpc << 8) | protocol;
  const ports = (sourcePort << 16) | (destinationPort & 0xffff);
  const addresses = (source.number << 16) | destination.number;
  const mixed = Math.imul(Math.imul(ports, 0x9e3779b1) ^ addresses, 0x85ebca6b) ^ ends;
  const place = (mixed ^ (mixed >>> 15)) & (LATELY - 1);
  const guess = lately[place];
  if (guess?.ports === ports && guess.addresses === addresses && guess.ends === ends) {
    return guess.key;
  }
  const { number } = source;
  const key = String.fromCharCode(ends, sourcePort, destinationPort, number, destination.number);
  lately[place] = { ends, ports, addresses, key };
  return key;
}

interface Spelled {
  readonly ends: number;
  readonly ports: number;
  readonly addresses: number;
  readonly key: string;
}

const LATELY = 8192;
/** Keys met lately: a Map knows the very same string faster than an equal one. */
const lately: (Spelled | undefined)[] = new Array(LATELY).fill(undefined);

/** Sum of the bytes as words, folded: 1 to 0xffff, or 0 for nothing but zeros. */
function sum(view: DataView, at: number, end: number, start: number): number {
  let total = start;
  let i = at;
  for (; i + 1 < end; i += 2) total += view.getUint16(i);
  if (i < end) total += view.getUint8(i) << 8;
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
  return total;
}

/** The sum that the transport checksum of a packet covers, the checksum itself included. */
function transportSum(view: DataView, at: number, end: number, protocol: number): number {
  const v6 = view.getUint8(at) >>> 4 === 6;
  const l4 = at + (v6 ? 40 : 20);
  if (protocol === ICMP) return sum(view, l4, end, 0);
  const addresses = v6 ? sum(view, at + 8, at + 40, 0) : sum(view, at + 12, at + 20, 0);
  return sum(view, l4, end, addresses + protocol + (end - l4));
}

/** Where the transport checksum stands behind the start of its header; -1: nowhere. */
export function checksumOffset(protocol: number): number {
  if (protocol === TCP) return 16;
  if (protocol === UDP) return 6;
  return protocol === ICMP || protocol === ICMPV6 ? 2 : -1;
}

export function headerIntact(view: DataView, at: number): boolean {
  return sum(view, at, at + 20, 0) === 0xffff;
}

export function writeHeaderChecksum(view: DataView, at: number): void {
  view.setUint16(at + 10, 0);
  view.setUint16(at + 10, ~sum(view, at, at + 20, 0));
}

/** 0xffff for a packet whose transport checksum is right. */
export function transportResidue(view: DataView, at: number, end: number): number {
  const v6 = view.getUint8(at) >>> 4 === 6;
  return transportSum(view, at, end, view.getUint8(at + (v6 ? 6 : 9)));
}

/** Writes the transport checksum that leaves `residue` when it is verified: 0xffff makes it right,
 * everything else as wrong as a packet with that residue. */
export function writeTransportChecksum(
  view: DataView,
  at: number,
  end: number,
  residue = 0xffff,
): void {
  const v6 = view.getUint8(at) >>> 4 === 6;
  const protocol = view.getUint8(at + (v6 ? 6 : 9));
  const offset = checksumOffset(protocol);
  if (offset < 0) return;
  const field = at + (v6 ? 40 : 20) + offset;
  view.setUint16(field, 0);
  const rest = transportSum(view, at, end, protocol);
  view.setUint16(field, checksumFor(rest, residue, protocol));
}

/** The checksum that makes `residue` of `rest`. Zero means "none" in UDP, and is all ones. */
function checksumFor(rest: number, residue: number, protocol: number): number {
  const value = (residue - rest + 2 * 0xffff) % 0xffff;
  return value === 0 && protocol === UDP ? 0xffff : value;
}

/** The checksum of which words that summed to `before` became ones that sum to `after`. */
function changed(checksum: number, before: number, after: number, protocol: number): number {
  return checksumFor(after - before + (0xffff - checksum), 0xffff, protocol);
}

/** Other addresses and ports for a packet at `at` of which the transport checksum may not be
 * computable: the start of one, in an ICMP error. What is not there is not written. */
export function rewriteQuoted(
  view: DataView,
  quoted: Packet,
  at: number,
  end: number,
  [source, destination]: readonly [Address, Address],
  [sourcePort, destinationPort]: readonly [number, number],
): void {
  const { v6, l4, protocol, query } = quoted;
  const hasPorts = quoted.sourcePort >= 0;
  const addresses = at + (v6 ? 8 : 12);
  const addressesEnd = at + (v6 ? 40 : 20);
  const ports = query ? l4 + 4 : l4;
  const portsEnd = hasPorts ? (query ? l4 + 6 : l4 + 4) : ports;
  const covered = protocol === ICMP ? 0 : 1;
  const total = () =>
    covered * sum(view, addresses, addressesEnd, 0) + sum(view, ports, portsEnd, 0);
  const before = total();
  writeAddress(view, addresses, source);
  writeAddress(view, addresses + (v6 ? 16 : 4), destination);
  if (hasPorts) view.setUint16(ports, sourcePort);
  if (hasPorts && !query) view.setUint16(ports + 2, destinationPort);
  const after = total();
  if (!v6) writeHeaderChecksum(view, at);
  const field = l4 + checksumOffset(protocol);
  if (field < l4 || field + 2 > end || (before - after) % 0xffff === 0) return;
  const checksum = view.getUint16(field);
  if (checksum === 0 && protocol === UDP) return;
  view.setUint16(field, changed(checksum, before, after, protocol));
}
