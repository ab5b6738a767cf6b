// From packet notation to its one canonical text.

import { formatIpAddress, type IpAddress } from "./ip-address.ts";
import { ATTRIBUTES, type PacketNotation, type Pattern, TCP_FLAGS } from "./notation-types.ts";

export function formatPacket(packet: PacketNotation): string {
  const words = [
    packet.protocol,
    formatEndpoint(packet.source, packet.sourcePort),
    ">",
    formatEndpoint(packet.destination, packet.destinationPort),
  ];
  if (packet.tcpFlags) words.push(formatFlags(packet.tcpFlags));
  if (typeof packet.icmp === "string") words.push(packet.icmp);
  else if (packet.icmp) words.push(`type=${packet.icmp.type}`, `code=${packet.icmp.code}`);
  for (const name of ATTRIBUTES) {
    const value = packet.attributes.get(name);
    if (value !== undefined) words.push(`${name}=${formatNumber(value)}`);
  }
  if (packet.dontFragment) words.push("df");
  if (packet.moreFragments) words.push("mf");
  if (packet.checksum) words.push(`checksum=${packet.checksum === "zero" ? "0" : "bad"}`);
  if (packet.data) words.push(`data="${formatData(packet.data)}"`);
  if (packet.quoted) words.push("{", formatPacket(packet.quoted), "}");
  return words.join(" ");
}

function formatEndpoint(address: Pattern<IpAddress>, port: Pattern<number> | undefined): string {
  const text = formatAddress(address);
  if (port === undefined) return text;
  return `${text.includes(":") ? `[${text}]` : text}:${formatNumber(port)}`;
}

export function formatAddress(value: Pattern<IpAddress>): string {
  if (value === "*") return "*";
  return "variable" in value ? `$${value.variable}` : formatIpAddress(value);
}

export function formatNumber(value: Pattern<number>): string {
  return typeof value === "object" ? `$${value.variable}` : `${value}`;
}

export function formatFlags(flags: number): string {
  const names = Object.entries(TCP_FLAGS).filter(([, bit]) => (flags & bit) !== 0);
  return names.map(([name]) => name).join(",");
}

/** Printable ASCII as it is, all else as \xNN. */
export function formatData(data: Uint8Array): string {
  return Array.from(data, (byte) => {
    if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
    if (byte >= 0x20 && byte < 0x7f) return String.fromCharCode(byte);
    return `\\x${byte.toString(16).padStart(2, "0")}`;
  }).join("");
}
