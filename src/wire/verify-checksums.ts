// A judge of checksums: every one in an IP packet that can be computed from it, those of a packet
// quoted in an ICMP error included.

import { foldSum, pseudoHeaderSum, sumBytes } from "./checksum.ts";
import { type Dissection, dissect } from "./dissect.ts";
import { isIcmpError } from "./icmp.ts";
import { HOST_IDENTITY, ICMP, ICMPV6, MOBILITY, TCP, UDP } from "./ip-protocol.ts";

type Transport = "tcp" | "udp" | "icmp" | "mobility" | "hip";

/** Which checksum is wrong. */
export interface ChecksumFault {
  readonly header: "ipv4" | Transport;
  /** Whether it is in the packet quoted by an ICMP error. */
  readonly quoted: boolean;
}

interface Coverage {
  readonly name: Transport;
  readonly bytes: Uint8Array;
  readonly alone: boolean;
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
function faultyTransport(packet: Uint8Array, parts: Dissection): Transport | undefined {
  if (parts.truncated || parts.fragmentOffset > 0 || parts.moreFragments) return undefined;
  const { protocol, family } = parts;
  const covered = coverage(packet.subarray(parts.l4, parts.end), parts);
  if (covered === undefined) return undefined;
  const { name, bytes, alone } = covered;
  const none = name === "udp" && bytes[6] === 0 && bytes[7] === 0;
  if (none) return family === 4 ? undefined : "udp";
  const addresses = family === 4 ? packet.subarray(12, 20) : packet.subarray(8, 40);
  const length = name === "udp" ? (bytes[4]! << 8) | bytes[5]! : bytes.length;
  const pseudo = alone ? 0 : pseudoHeaderSum(addresses, protocol, length);
  return foldSum(pseudo + sumBytes(bytes)) === 0xffff ? undefined : name;
}

/** What the checksum of the message covers, `alone` without the addresses; undefined where there
 * is none, or not all of it. */
function coverage(message: Uint8Array, { protocol, family }: Dissection): Coverage | undefined {
  if (message.length < (protocol === TCP ? 20 : 8)) return undefined;
  const alone = family === 4 && protocol === ICMP;
  if (protocol === TCP) return { name: "tcp", bytes: message, alone };
  if (alone || (protocol === ICMPV6 && family === 6))
    return { name: "icmp", bytes: message, alone };
  if (protocol === UDP) {
    const length = (message[4]! << 8) | message[5]!;
    return { name: "udp", bytes: message.subarray(0, length), alone };
  }
  const length = (message[1]! + 1) * 8;
  const mobility = protocol === MOBILITY && family === 6;
  if ((!mobility && protocol !== HOST_IDENTITY) || length > message.length) return undefined;
  return { name: mobility ? "mobility" : "hip", bytes: message.subarray(0, length), alone };
}
