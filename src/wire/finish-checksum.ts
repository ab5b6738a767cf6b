// What a sender has left to a network card: the TCP or UDP checksum.

import { checksumOf, pseudoHeaderSum, sumBytes } from "./checksum.ts";
import { dissect } from "./dissect.ts";
import { TCP, UDP } from "./ip-protocol.ts";

const TCP_FIELD = 16;
const UDP_FIELD = 6;

/** Writes the transport checksum of an IP packet, whatever its field holds. Of one that is not
 * whole, a fragment, or neither TCP nor UDP, nothing is written. */
export function finishChecksum(packet: Uint8Array): void {
  const parts = dissect(packet);
  if (parts === undefined || parts.truncated) return;
  const { family, protocol, l4, end, fragmentOffset, moreFragments } = parts;
  if (fragmentOffset > 0 || moreFragments || (protocol !== TCP && protocol !== UDP)) return;
  const field = l4 + (protocol === TCP ? TCP_FIELD : UDP_FIELD);
  if (field + 2 > end) return;
  packet.fill(0, field, field + 2);
  const addresses = family === 4 ? packet.subarray(12, 20) : packet.subarray(8, 40);
  const pseudo = pseudoHeaderSum(addresses, protocol, end - l4);
  const sum = checksumOf(sumBytes(packet.subarray(l4, end)) + pseudo);
  // Of UDP, zero would mean that there is none (RFC 768).
  const written = sum === 0 && protocol === UDP ? 0xffff : sum;
  packet[field] = written >>> 8;
  packet[field + 1] = written & 0xff;
}
