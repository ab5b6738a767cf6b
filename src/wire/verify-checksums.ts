// A judge of checksums: every one in an IP packet that can be computed from it, those of a packet
// quoted in an ICMP error included.

import { foldSum, pseudoHeaderSum, sumBytes } from "./checksum.ts";
import { type Dissection, dissect } from "./dissect.ts";
import { isIcmpError } from "./icmp.ts";
import { ICMP, ICMPV6, TCP, UDP } from "./ip-protocol.ts";

/** Which checksum is wrong. */
export interface ChecksumFault {
  readonly header: "ipv4" | "tcp" | "udp" | "icmp";
  /** Whether it is in the packet quoted by an ICMP error. */
  readonly quoted: boolean;
}

/** All wrong checksums; a fragment's or cut-off transport part is not judged. */
export function verifyChecksums(packet: Uint8Array): ChecksumFault[] {
  return verify(packet, false);
}

function verify(packet: Uint8Array, quoted: boolean): ChecksumFault[] {
  const parts = dissect(packet);
  if (parts === undefined) return [];
  const faults: ChecksumFault[] = [];
  if (parts.family === 4 && foldSum(sumBytes(packet.subarray(0, headerEnd(packet)))) !== 0xffff) {
    faults.push({ header: "ipv4", quoted });
  }
  const transport = faultyTransport(packet, parts);
  if (transport !== undefined) faults.push({ header: transport, quoted });
  if (!quoted && isIcmp(parts) && parts.fragmentOffset === 0) {
    const type = packet[parts.l4];
    if (type !== undefined && isIcmpError(parts.family, type)) {
      faults.push(...verify(packet.subarray(parts.l4 + 8, parts.end), true));
    }
  }
  return faults;
}

function headerEnd(packet: Uint8Array): number {
  return Math.min(packet.length, Math.max(20, (packet[0]! & 15) * 4));
}

function isIcmp({ family, protocol }: Dissection): boolean {
  return protocol === (family === 4 ? ICMP : ICMPV6);
}

/** The name of the transport checksum if it is wrong. */
function faultyTransport(
  packet: Uint8Array,
  parts: Dissection,
): "tcp" | "udp" | "icmp" | undefined {
  if (parts.truncated || parts.fragmentOffset > 0 || parts.moreFragments) return undefined;
  const { protocol, family } = parts;
  let message = packet.subarray(parts.l4, parts.end);
  const addresses = family === 4 ? packet.subarray(12, 20) : packet.subarray(8, 40);
  let sum = 0;
  if (protocol === UDP) {
    if (message.length < 8) return undefined;
    const length = (message[4]! << 8) | message[5]!;
    if (((message[6]! << 8) | message[7]!) === 0) return family === 4 ? undefined : "udp";
    message = message.subarray(0, length);
    sum = pseudoHeaderSum(addresses, UDP, length);
  } else if (protocol === TCP) {
    if (message.length < 20) return undefined;
    sum = pseudoHeaderSum(addresses, TCP, message.length);
  } else if (isIcmp(parts)) {
    if (message.length < 8) return undefined;
    if (family === 6) sum = pseudoHeaderSum(addresses, ICMPV6, message.length);
  } else {
    return undefined;
  }
  if (foldSum(sum + sumBytes(message)) === 0xffff) return undefined;
  return protocol === TCP ? "tcp" : protocol === UDP ? "udp" : "icmp";
}
