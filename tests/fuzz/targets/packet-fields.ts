// Fields of IP packets, for damage that knows what it hits. Takes packets that are broken already.

import type { Random } from "../../../src/base/random.ts";
import { checksumOf, pseudoHeaderSum, sumBytes } from "../../../src/wire/checksum.ts";
import { type Dissection, dissect } from "../../../src/wire/dissect.ts";
import { joined } from "../mutate-bytes.ts";

const TCP = 6;
const UDP = 17;
const NETWORKS_V4 = [10, 20, 21, 30, 31, 40, 50, 60, 61, 62];
const PORTS = [0, 53, 80, 85, 185, 1023, 1024, 1025, 1026, 1027, 2001, 3000, 3001, 8080, 65535];
const PROTOCOLS = [0, 1, 2, 4, 6, 17, 43, 44, 47, 50, 51, 58, 59, 60, 132, 135, 139, 140, 255];
const FRAGMENTS = [0, 0x2000, 0x4000, 0x2001, 1, 60, 0x1fff, 0x8000, 0x3fff];

/** Writes one field of the packet anew. */
export function setField(packet: Uint8Array, random: Random): void {
  const parts = dissect(packet);
  if (parts === undefined) return;
  const view = viewOf(packet);
  const kind = random.below(6);
  if (kind < 2) setTransport(packet, view, parts, random);
  else if (kind === 2) setAddress(packet, parts, random);
  else if (parts.family === 4) setV4(packet, view, random);
  else setV6(packet, view, random);
}

function viewOf(packet: Uint8Array): DataView {
  return new DataView(packet.buffer, packet.byteOffset, packet.length);
}

function pick(list: readonly number[], random: Random): number {
  return list[random.below(list.length)]!;
}

function setAddress(packet: Uint8Array, { family }: Dissection, random: Random): void {
  const second = random.below(2);
  if (family === 4) {
    const at = 12 + 4 * second;
    if (random.below(8) === 0) packet[at] = random.below(256);
    else packet.set([pick(NETWORKS_V4, random), 0, 0, 1 + random.below(4)], at);
    return;
  }
  const at = 8 + 16 * second;
  packet[at + 5] = 1 + random.below(14);
  packet[at + 15] = random.below(5);
  if (random.below(8) === 0) packet[at] = pick([0, 0xff, 0xfe, 0x20], random);
}

function setV4(packet: Uint8Array, view: DataView, random: Random): void {
  const kind = random.below(7);
  if (kind === 0) packet[0] = 0x40 | random.below(16);
  else if (kind === 1) packet[1] = random.below(256);
  else if (kind === 2) view.setUint16(2, packet.length - random.below(12) + 2);
  else if (kind === 3) view.setUint16(6, pick(FRAGMENTS, random));
  else if (kind === 4) packet[8] = random.below(4);
  else if (kind === 5) packet[9] = pick(PROTOCOLS, random);
  else view.setUint16(10, random.below(0x10000));
}

function setV6(packet: Uint8Array, view: DataView, random: Random): void {
  const kind = random.below(5);
  if (kind === 0) view.setUint16(4, Math.max(packet.length - 40 - random.below(12) + 2, 0));
  else if (kind === 1) packet[6] = pick(PROTOCOLS, random);
  else if (kind === 2) packet[7] = random.below(4);
  else if (kind === 3 && packet.length > 48) packet[40] = pick(PROTOCOLS, random);
  else if (packet.length > 48) packet[41] = random.below(4);
}

function setTransport(
  packet: Uint8Array,
  view: DataView,
  { l4, protocol }: Dissection,
  random: Random,
): void {
  if (l4 + 8 > packet.length) return;
  const kind = random.below(6);
  const ports = protocol === TCP || protocol === UDP;
  if (ports && kind < 3) view.setUint16(l4 + 2 * random.below(2), pick(PORTS, random));
  else if (protocol === TCP && l4 + 20 <= packet.length) {
    if (kind === 3) packet[l4 + 12] = random.below(16) << 4;
    else if (kind === 4) packet[l4 + 13] = random.below(64);
    else view.setUint32(l4 + 4 + 4 * random.below(2), random.below(4) * 1000);
  } else if (protocol === UDP) {
    if (kind === 3) view.setUint16(l4 + 4, random.below(packet.length));
    else view.setUint16(l4 + 6, random.below(3) * 0x7fff);
  } else if (kind < 3) packet[l4] = pick([0, 3, 4, 5, 8, 11, 12, 13, 14, 1, 2, 128, 129], random);
  else if (kind < 5) packet[l4 + 1] = random.below(6);
  else view.setUint16(l4 + 4, pick(PORTS, random));
}

/** Makes every checksum right that the packet has, outer ones and one level of quoted ones. */
export function repairChecksums(packet: Uint8Array, isQuoted = false): void {
  const parts = dissect(packet);
  if (parts === undefined) return;
  const view = viewOf(packet);
  const { family, protocol, l4, end } = parts;
  if (family === 4) {
    const headerEnd = Math.min(packet.length, Math.max(20, (packet[0]! & 15) * 4));
    view.setUint16(10, 0);
    view.setUint16(10, checksumOf(sumBytes(packet.subarray(0, headerEnd))));
  }
  const isIcmp = protocol === (family === 4 ? 1 : 58);
  if (isIcmp && !isQuoted && l4 + 8 < end) repairChecksums(packet.subarray(l4 + 8, end), true);
  const place = protocol === TCP ? 16 : protocol === UDP ? 6 : isIcmp ? 2 : -1;
  if (place < 0 || l4 + place + 2 > end || parts.truncated) return;
  const stop = protocol === UDP ? Math.min(l4 + view.getUint16(l4 + 4), end) : end;
  if (stop < l4 + place + 2) return;
  const addresses = packet.subarray(family === 4 ? 12 : 8, family === 4 ? 20 : 40);
  view.setUint16(l4 + place, 0);
  const length = protocol === UDP ? view.getUint16(l4 + 4) : stop - l4;
  const pseudo = isIcmp && family === 4 ? 0 : pseudoHeaderSum(addresses, protocol, length);
  const sum = checksumOf(pseudo + sumBytes(packet.subarray(l4, stop)));
  view.setUint16(l4 + place, sum === 0 && protocol === UDP ? 0xffff : sum);
}

/** The packet that goes back: addresses and ports exchanged. */
export function answerPacket(packet: Uint8Array): Uint8Array | undefined {
  const parts = dissect(packet);
  if (parts === undefined) return undefined;
  const answer = packet.slice(0, parts.end);
  const { family, protocol, l4, end } = parts;
  const [at, size] = family === 4 ? [12, 4] : [8, 16];
  answer.copyWithin(at, at + size, at + 2 * size);
  answer.set(packet.subarray(at, at + size), at + size);
  if ((protocol === TCP || protocol === UDP) && l4 + 4 <= end) {
    answer.copyWithin(l4, l4 + 2, l4 + 4);
    answer.set(packet.subarray(l4, l4 + 2), l4 + 2);
    if (protocol === TCP && l4 + 14 <= end) answer[l4 + 13] = answer[l4 + 13]! | 0x10;
  } else if (l4 < end && answer[l4] === 8) answer[l4] = 0;
  else if (l4 < end && answer[l4] === 128) answer[l4] = 129;
  repairChecksums(answer);
  return answer;
}

/** An ICMP error about the packet, to its sender, from where it went. */
export function quotePacket(packet: Uint8Array): Uint8Array | undefined {
  const parts = dissect(packet);
  if (parts === undefined) return undefined;
  const quoted = packet.subarray(0, Math.min(parts.end, 500));
  const header = packet.slice(0, parts.family === 4 ? 20 : 40);
  const [at, size] = parts.family === 4 ? [12, 4] : [8, 16];
  header.copyWithin(at, at + size, at + 2 * size);
  header.set(packet.subarray(at, at + size), at + size);
  const view = viewOf(header);
  const icmp = Uint8Array.of(
    parts.family === 4 ? 3 : 1,
    parts.family === 4 ? 3 : 4,
    0,
    0,
    0,
    0,
    0,
    0,
  );
  if (parts.family === 4) {
    header[0] = 0x45;
    view.setUint16(2, 28 + quoted.length);
    view.setUint32(4, 0);
    header.set([64, 1], 8);
  } else {
    view.setUint16(4, 8 + quoted.length);
    header.set([58, 64], 6);
  }
  const answer = joined(header, icmp, quoted);
  // The quoted checksums stay as they are: that is what routers see.
  const copy = answer.slice();
  repairChecksums(copy);
  copy.set(quoted, header.length + 8);
  if (parts.family === 4) fixOuter(copy);
  return copy;
}

function fixOuter(packet: Uint8Array): void {
  const view = viewOf(packet);
  view.setUint16(22, 0);
  view.setUint16(22, checksumOf(sumBytes(packet.subarray(20))));
}
