// What the gateway says about a packet whose last hop it could not find (RFC 1812, 5.4.3.1; RFC
// 4443, 3.1). The packet is translated already, so this is said as a router in its VPC would, and
// finds the sender like any error of such a router.

import type { HeldPackets } from "../tables/held-packets.ts";
import { checksumOf, pseudoHeaderSum, sumBytes } from "../wire/checksum.ts";
import { dissect } from "../wire/dissect.ts";
import { isIcmpError } from "../wire/icmp.ts";
import { bits, type IpAddress, writeIpAddress } from "../wire/ip-address.ts";
import { ICMP, ICMPV6 } from "../wire/ip-protocol.ts";

const ICMP_HEADER = 8;
const TTL = 64;
/** Type and code: host unreachable, address unreachable. */
const V4_KIND = 0x0301;
const V6_KIND = 0x0103;
/** RFC 1812, 4.3.2.3; RFC 4443, 2.4 c. */
const V4_MAX = 576;
const V6_MAX = 1280;

/** A copy of the packet in the cell. */
export function packetIn({ room, lead }: HeldPackets, cell: number): Uint8Array {
  const words = new Int32Array((room.length[cell]! + 3) >> 2);
  room.load(cell, words, 0);
  return new Uint8Array(words.buffer).subarray(lead[cell]!, room.length[cell]!);
}

/** An IP packet from `from`; undefined where none must be said: about an ICMP error, a later
 * fragment, or what was not sent by one host. */
export function hostUnreachable(packet: Uint8Array, from: IpAddress): Uint8Array | undefined {
  const parts = dissect(packet);
  if (parts === undefined || parts.fragmentOffset > 0 || parts.family !== from.family) return;
  const { family, protocol, l4 } = parts;
  const icmp = protocol === (family === 4 ? ICMP : ICMPV6);
  if (icmp && isIcmpError(family, packet[l4] ?? 0)) return;
  const v6 = family === 6;
  const size = bits(family) / 8;
  const [header, source, most] = v6 ? [40, 8, V6_MAX] : [20, 12, V4_MAX];
  const sender = packet.subarray(source, source + size);
  if (sender.every((byte) => byte === 0) || isGroup(sender, v6)) return;
  const quote = packet.subarray(0, Math.min(parts.end, most - header - ICMP_HEADER));
  const said = new Uint8Array(header + ICMP_HEADER + quote.length);
  const view = new DataView(said.buffer);
  writeIpAddress(said, source, from);
  said.set(sender, source + size);
  view.setUint16(header, v6 ? V6_KIND : V4_KIND);
  said.set(quote, header + ICMP_HEADER);
  if (v6) writeHeaderV6(view);
  else writeHeaderV4(view, said);
  const message = said.subarray(header);
  const addresses = said.subarray(source, source + 2 * size);
  const pseudo = v6 ? pseudoHeaderSum(addresses, ICMPV6, message.length) : 0;
  view.setUint16(header + 2, checksumOf(pseudo + sumBytes(message)));
  return said;
}

function isGroup(address: Uint8Array, v6: boolean): boolean {
  return v6 ? address[0] === 0xff : address[0]! >= 224;
}

function writeHeaderV4(view: DataView, packet: Uint8Array): void {
  view.setUint16(0, 0x4500);
  view.setUint16(2, packet.length);
  view.setUint16(6, 0x4000);
  view.setUint16(8, (TTL << 8) | ICMP);
  view.setUint16(10, checksumOf(sumBytes(packet.subarray(0, 20))));
}

function writeHeaderV6(view: DataView): void {
  view.setUint8(0, 0x60);
  view.setUint16(4, view.byteLength - 40);
  view.setUint16(6, (ICMPV6 << 8) | TTL);
}
