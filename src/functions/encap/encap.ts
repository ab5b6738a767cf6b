// Data path.
// The link and tunnel headers of the way out. Adjacency 0 is the way the packet came: its own outer
// headers come back, with the VNI of the VPC it goes to. Any other writes the prepared headers of a
// tunnel (RFC 7348) into the bytes before the packet.

import { byteSum, fold, wordSum } from "../../packet/checksum-update.ts";
import type { PacketPool } from "../../packet/packet-pool.ts";
import { DROP } from "../../packet/verdict.ts";
import { TEMPLATE_BYTES } from "../../tables/adjacency-table.ts";
import type { SnapshotHolder } from "../../tables/snapshot.ts";
import type { NetworkFunction } from "../network-function.ts";

/** Longest IP packet that, with the tunnel around it, is still one. */
const PACKET_MAX = 65_535 - (TEMPLATE_BYTES - 14);
const TOO_LONG = DROP["tunnel-too-long"].code;
const OUTER_ETHERNET = 14;
const ETHERTYPE_IPV6 = 0x86dd;
const UDP = 17;
const IPV4_AND_UDP = 28;
const TEMPLATE_WORDS = TEMPLATE_BYTES / 4;
/** The byte order of words in this machine's memory. */
const LITTLE_ENDIAN = new Uint8Array(new Int32Array([1]).buffer)[0] === 1;

export function encap(pool: PacketPool, snapshot: SnapshotHolder): NetworkFunction {
  const { bytes, view, words, start, length, outer, l3, end, toVpc, adjacency } = pool;
  const { protocol, sourcePort, destinationPort, verdict } = pool;

  /** Out as it came; a packet that came without a tunnel needs nothing. */
  function putBack(row: number, vni: number): void {
    const outerStart = outer[row]!;
    if (outerStart < 0) return;
    const inner = start[row]!;
    // The last byte of the word is reserved and stays.
    view.setInt32(inner - 4, (vni << 8) | bytes[inner - 1]!);
    if (view.getUint16(inner - 10) !== 0) renewChecksum(outerStart, inner, length[row]!);
    start[row] = outerStart;
    length[row] = length[row]! + inner - outerStart;
  }

  /** The UDP checksum of a tunnel that had one covers what has changed. Over IPv4 it becomes zero,
   * as RFC 7348 wants it; IPv6 may not go without (RFC 8200, 8.1). */
  function renewChecksum(outerStart: number, inner: number, innerLength: number): void {
    const udp = inner - 16;
    const l3 = udp - 40;
    const bare = l3 === outerStart;
    const typed = l3 > outerStart && view.getUint16(l3 - 2) === ETHERTYPE_IPV6;
    view.setUint16(udp + 6, 0);
    if (!(bare || typed) || bytes[l3]! >>> 4 !== 6) return;
    const udpLength = innerLength + 16;
    const addresses = wordSum(view, l3 + 8, l3 + 40);
    const sum = fold(byteSum(view, udp, udp + udpLength) + addresses + udpLength + UDP);
    view.setUint16(udp + 6, sum === 0xffff ? 0xffff : ~sum & 0xffff);
  }

  /** A packet that came in a tunnel stands on a word boundary; words are twice as fast. */
  function writeAligned(at: number, template: number, templates: Int32Array): void {
    for (let i = 0; i < TEMPLATE_WORDS; i += 4) {
      words[at + i] = templates[template + i]!;
      words[at + i + 1] = templates[template + i + 1]!;
      words[at + i + 2] = templates[template + i + 2]!;
      words[at + i + 3] = templates[template + i + 3]!;
    }
  }

  function writeUnaligned(at: number, template: number, templates: Int32Array): void {
    for (let i = 0; i < TEMPLATE_WORDS; i++) {
      view.setInt32(at + 4 * i, templates[template + i]!, LITTLE_ENDIAN);
    }
  }

  function tunnel(row: number, template: number, templates: Int32Array): void {
    const packet = l3[row]!;
    const at = packet - TEMPLATE_BYTES;
    if ((at & 3) === 0) writeAligned(at >> 2, template >> 2, templates);
    else writeUnaligned(at, template >> 2, templates);
    if (bytes[packet]! >>> 4 === 6) view.setUint16(packet - 2, 0x86dd);
    else view.setUint16(packet - 2, 0x0800);
    const total = end[row]! - at;
    const ipLength = total - OUTER_ETHERNET;
    view.setUint16(at + 16, ipLength);
    // The template holds the sum of the rest of the header.
    const sum = view.getUint16(at + 24) + ipLength;
    view.setUint16(at + 24, ~((sum & 0xffff) + (sum >>> 16)) & 0xffff);
    view.setUint16(at + 34, 0xc000 | entropy(row, packet));
    view.setUint16(at + 38, ipLength - IPV4_AND_UDP + 8);
    start[row] = at;
    length[row] = total;
  }

  /** 14 bits that are the same for all packets of a flow (RFC 7348, 5: the source port). */
  function entropy(row: number, packet: number): number {
    const v6 = bytes[packet]! >>> 4 === 6;
    let hash = v6
      ? view.getInt32(packet + 20) ^ Math.imul(view.getInt32(packet + 36), 0x85ebca6b)
      : view.getInt32(packet + 12) ^ Math.imul(view.getInt32(packet + 16), 0x85ebca6b);
    hash ^= Math.imul((sourcePort[row]! << 16) ^ destinationPort[row]!, 0xc2b2ae35);
    hash = Math.imul(hash ^ protocol[row]! ^ (hash >>> 15), 0x27d4eb2f);
    return hash >>> 18;
  }

  return {
    name: "encap",
    reads: [
      "outer",
      "l3",
      "end",
      "toVpc",
      "adjacency",
      "protocol",
      "sourcePort",
      "destinationPort",
    ],
    writes: ["start", "length"],
    process(batch) {
      const { rows, count } = batch;
      const { vpcVnis, adjacencies } = snapshot.current;
      let decided = 0;
      for (let i = 0; i < count; i++) {
        const row = rows[i]!;
        const template = adjacency[row]! * TEMPLATE_BYTES;
        if (template === 0) {
          putBack(row, vpcVnis[toVpc[row]!]!);
        } else if (end[row]! - l3[row]! > PACKET_MAX) {
          verdict[row] = TOO_LONG;
          decided++;
        } else {
          tunnel(row, template, adjacencies);
        }
      }
      return decided;
    },
  };
}
