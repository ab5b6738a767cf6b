// From bytes to packet notation. Takes any bytes: what is malformed or cut off is said as far as it
// goes, never refused.

import { type Dissection, dissect } from "./dissect.ts";
import { hasMtu, icmpName, isIcmpError, isIcmpQuery } from "./icmp.ts";
import { readIpAddress } from "./ip-address.ts";
import { ICMP, ICMPV6, protocolName } from "./ip-protocol.ts";
import { formatPacket } from "./notation-format.ts";
import type { Attribute, PacketNotation } from "./notation-types.ts";
import { verifyChecksums } from "./verify-checksums.ts";

type Mutable = { -readonly [K in keyof PacketNotation]: PacketNotation[K] } & {
  attributes: Map<Attribute, number>;
};

/** Everything the notation can say about the packet; undefined when it has no IP header. */
export function readPacket(packet: Uint8Array): PacketNotation | undefined {
  return read(packet, false);
}

function read(packet: Uint8Array, isQuoted: boolean): PacketNotation | undefined {
  const parts = dissect(packet);
  if (parts === undefined) return undefined;
  const { family } = parts;
  const result: Mutable = {
    protocol: protocolName(parts.protocol),
    source: readIpAddress(packet, family === 4 ? 12 : 8, family),
    destination: readIpAddress(packet, family === 4 ? 16 : 24, family),
    attributes: new Map(),
  };
  // ICMP numbers of the other family are just numbers.
  if (result.protocol === "icmp" && parts.protocol !== (family === 4 ? ICMP : ICMPV6)) {
    result.protocol = `proto-${parts.protocol}`;
  }
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  const { attributes } = result;
  attributes.set("ttl", packet[family === 4 ? 8 : 7]!);
  attributes.set("tos", family === 4 ? packet[1]! : (view.getUint16(0) >>> 4) & 0xff);
  // IPv6 has an identification only in a fragment header.
  const isFragment = parts.moreFragments || parts.fragmentOffset > 0;
  if (family === 4 || isFragment || parts.identification > 0) {
    attributes.set("id", parts.identification);
  }
  attributes.set("len", parts.end);
  if (parts.dontFragment) result.dontFragment = true;
  if (parts.moreFragments) result.moreFragments = true;
  if (parts.fragmentOffset > 0) attributes.set("frag", parts.fragmentOffset);
  readTransport(result, packet, view, parts, isQuoted);
  // "zero" says more than "bad", which it also is in IPv6.
  const faults = verifyChecksums(packet);
  if (faults.some(({ header, quoted }) => header !== "ipv4" && !quoted)) result.checksum ??= "bad";
  return result;
}

function readTransport(
  result: Mutable,
  packet: Uint8Array,
  view: DataView,
  parts: Dissection,
  isQuoted: boolean,
): void {
  const { l4, end } = parts;
  const space = end - l4;
  let payload = l4;
  if (parts.fragmentOffset === 0) {
    if (result.protocol === "tcp" && space >= 4) payload = readTcp(result, view, l4, end);
    else if (result.protocol === "udp" && space >= 4) payload = readUdp(result, view, l4, end);
    else if (result.protocol === "icmp" && space >= 2) {
      payload = readIcmp(result, packet, view, parts, isQuoted);
    }
  }
  if (payload < end) result.data = packet.slice(payload, end);
}

function readPorts(result: Mutable, view: DataView, at: number): void {
  result.sourcePort = view.getUint16(at);
  result.destinationPort = view.getUint16(at + 2);
}

/** Where the payload starts. */
function readTcp(result: Mutable, view: DataView, at: number, end: number): number {
  readPorts(result, view, at);
  const { attributes } = result;
  if (at + 8 <= end) attributes.set("seq", view.getUint32(at + 4));
  if (at + 20 > end) return end;
  attributes.set("ack", view.getUint32(at + 8));
  result.tcpFlags = view.getUint8(at + 13);
  attributes.set("win", view.getUint16(at + 14));
  const header = Math.min(end, at + Math.max(20, (view.getUint8(at + 12) >>> 4) * 4));
  const mss = findMss(view, at + 20, header);
  if (mss !== undefined) attributes.set("mss", mss);
  return header;
}

/** The value of the MSS option (RFC 9293, 3.7.1) among the options from `at` to `end`. */
function findMss(view: DataView, at: number, end: number): number | undefined {
  for (let option = at; option < end; ) {
    const kind = view.getUint8(option);
    if (kind === 0) return undefined;
    const length = kind === 1 ? 1 : option + 1 < end ? view.getUint8(option + 1) : 0;
    if (length === 0 || option + length > end) return undefined;
    if (kind === 2 && length === 4) return view.getUint16(option + 2);
    option += length;
  }
  return undefined;
}

function readUdp(result: Mutable, view: DataView, at: number, end: number): number {
  readPorts(result, view, at);
  if (at + 8 > end) return end;
  if (view.getUint16(at + 6) === 0) result.checksum = "zero";
  return at + 8;
}

function readIcmp(
  result: Mutable,
  packet: Uint8Array,
  view: DataView,
  { l4, end, family }: Dissection,
  isQuoted: boolean,
): number {
  const kind = { type: view.getUint8(l4), code: view.getUint8(l4 + 1) };
  result.icmp = icmpName(family, kind) ?? kind;
  const { attributes } = result;
  if (isIcmpQuery(family, kind.type)) {
    attributes.delete("id");
    if (l4 + 6 <= end) attributes.set("id", view.getUint16(l4 + 4));
    if (l4 + 8 <= end) attributes.set("seq", view.getUint16(l4 + 6));
  }
  if (l4 + 8 > end) return end;
  if (hasMtu(family, kind)) {
    attributes.set("mtu", family === 4 ? view.getUint16(l4 + 6) : view.getUint32(l4 + 4));
  }
  // No error is about an error (RFC 1122, 3.2.2), but hostile packets nest them thousands deep.
  if (isQuoted || !isIcmpError(family, kind.type)) return l4 + 8;
  const quoted = read(packet.subarray(l4 + 8, end), true);
  if (quoted === undefined) return l4 + 8;
  result.quoted = quoted;
  return end;
}

/** What a short description leaves out. */
const DETAILS: readonly Attribute[] = ["ttl", "tos", "len", "ack", "win", "mss"];

/**
 * The packet in notation, for people. "short": who, to whom, what; "full": every header field the
 * notation knows and the payload of up to 64 bytes. "not an IP packet" for other bytes.
 */
export function describePacket(packet: Uint8Array, detail: "short" | "full" = "short"): string {
  const notation = readPacket(packet);
  if (notation === undefined) return "not an IP packet";
  return formatPacket(detail === "short" ? shorten(notation) : trimData(notation));
}

function shorten(packet: PacketNotation): PacketNotation {
  const attributes = new Map(packet.attributes);
  for (const name of DETAILS) attributes.delete(name);
  const keepsId = packet.protocol === "icmp" && packet.quoted === undefined;
  if (!keepsId) attributes.delete("id");
  if (!keepsId) attributes.delete("seq");
  const quoted = packet.quoted && shorten(packet.quoted);
  return { ...packet, attributes, quoted, data: undefined, dontFragment: undefined };
}

function trimData(packet: PacketNotation): PacketNotation {
  const quoted = packet.quoted && trimData(packet.quoted);
  const data = packet.data && packet.data.length <= 64 ? packet.data : undefined;
  return { ...packet, quoted, data };
}
