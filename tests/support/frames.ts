// Frames around packets, for tests and benchmarks.

import { buildPacket, parsePacket } from "../../src/wire/notation.ts";

const MAC_A = Uint8Array.of(0x02, 0, 0, 0, 0, 0x0a);
const MAC_B = Uint8Array.of(0x02, 0, 0, 0, 0, 0x0b);

/** An Ethernet frame with `packet` (IPv4 or IPv6) in it, behind VLAN tags if any, padded to 60. */
export function ethernetFrame(
  packet: Uint8Array,
  options: { vlans?: readonly number[]; padTo?: number } = {},
): Uint8Array {
  const tags = options.vlans ?? [];
  const headerLength = 14 + 4 * tags.length;
  const frame = new Uint8Array(Math.max(headerLength + packet.length, options.padTo ?? 0));
  const view = new DataView(frame.buffer);
  frame.set(MAC_B, 0);
  frame.set(MAC_A, 6);
  tags.forEach((tag, index) => {
    view.setUint16(12 + 4 * index, 0x8100);
    view.setUint16(14 + 4 * index, tag);
  });
  view.setUint16(headerLength - 2, (packet[0] ?? 0) >>> 4 === 6 ? 0x86dd : 0x0800);
  frame.set(packet, headerLength);
  return frame;
}

/** `inner` (an Ethernet frame) in VXLAN over UDP, with a checksum, over IPv6 over Ethernet. */
export function vxlanOverIpv6(vni: number, inner: Uint8Array): Uint8Array {
  const data = new Uint8Array(8 + inner.length);
  data[0] = 0x08;
  new DataView(data.buffer).setUint32(4, vni << 8);
  data.set(inner, 8);
  const hex = Buffer.from(data).toString("hex").replace(/../g, "\\x$&");
  const text = `udp [2001:db8:9::1]:50000 > [2001:db8:9::2]:4789 data="${hex}"`;
  return ethernetFrame(buildPacket(parsePacket(text)));
}

/** `inner` (an Ethernet frame) in VXLAN over UDP over IPv4 over Ethernet. */
export function vxlanFrame(vni: number, inner: Uint8Array): Uint8Array {
  const frame = ethernetFrame(new Uint8Array(36 + inner.length));
  const view = new DataView(frame.buffer);
  view.setUint16(12, 0x0800);
  view.setUint16(14, 0x4500);
  view.setUint16(16, 36 + inner.length);
  view.setUint16(22, 0x4011);
  view.setUint32(26, 0xac1e0801); // 172.30.8.1
  view.setUint32(30, 0xac1e0802);
  let sum = 0;
  for (let at = 14; at < 34; at += 2) sum += view.getUint16(at);
  sum = (sum & 0xffff) + (sum >>> 16);
  view.setUint16(24, ~((sum & 0xffff) + (sum >>> 16)) & 0xffff);
  view.setUint16(34, 50000);
  view.setUint16(36, 4789);
  view.setUint16(38, 16 + inner.length);
  view.setUint8(42, 0x08);
  view.setUint32(46, vni << 8);
  frame.set(inner, 50);
  return frame;
}
