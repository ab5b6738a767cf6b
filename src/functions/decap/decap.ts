// Data path.
// VXLAN off (RFC 7348): the VNI tells the VPC, and the packet starts behind the tunnel header. The
// outer headers stay where they are, before `start`; `outer` remembers where they begin. On a live
// interface, where the tunnel ends for good, what it met on its way is told by the packet.

import { updateChecksum } from "../../packet/checksum-update.ts";
import { ipv4HeaderIntact } from "../../packet/ipv4-checksum.ts";
import {
  ETHERNET_LENGTH,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  locateIp,
} from "../../packet/locate-ip.ts";
import type { PacketPool } from "../../packet/packet-pool.ts";
import { DROP } from "../../packet/verdict.ts";
import { ADDRESSED, type InterfaceTable, RAW_IP, VXLAN } from "../../tables/interface-table.ts";
import type { SnapshotHolder } from "../../tables/snapshot.ts";
import { vpcOfVni } from "../../tables/vni-table.ts";
import type { NetworkFunction } from "../network-function.ts";

const VXLAN_PORT = 4789;
const UDP = 17;
/** VXLAN, and the inner Ethernet header that must follow. */
const TUNNEL_AND_INNER = 8 + 14;
const COMMON_LENGTH_MIN = 14 + 20 + 8 + TUNNEL_AND_INNER;
const VNI_PRESENT = 0x08;

const VXLAN_MALFORMED = DROP["vxlan-malformed"].code;
const BAD_CHECKSUM = DROP["ipv4-bad-checksum"].code;
const CONGESTION_UNMARKED = DROP["congestion-unmarked"].code;
/** Values of the congestion bits (RFC 3168, 5). */
const NOT_ECT = 0;
const ECT_1 = 1;
const CE = 3;
const UNKNOWN_VPC = DROP["unknown-vpc"].code;

/** Not a tunnel packet. */
const PLAIN = 0;

export function decap(
  pool: PacketPool,
  interfaces: InterfaceTable,
  snapshot: SnapshotHolder,
): NetworkFunction {
  const { bytes, view, start, length, rxInterface, outer, vpc, verdict } = pool;
  const { kinds } = interfaces;

  /** Untagged Ethernet, IPv4 without options: nearly every tunnel packet. The result is that of
   * `findTunnel`, and PLAIN also for whatever is not of this form. */
  function findCommonTunnel(at: number, end: number): number {
    if (end - at < COMMON_LENGTH_MIN || view.getInt32(at + 12) !== 0x08004500) return PLAIN;
    // Fragment offset and flags, TTL, protocol; then the destination port and the UDP length.
    if ((view.getInt32(at + 20) & 0x3fff00ff) !== UDP) return PLAIN;
    const portAndLength = view.getInt32(at + 36);
    if (portAndLength >>> 16 !== VXLAN_PORT) return PLAIN;
    const total = view.getUint16(at + 16);
    const udpLength = portAndLength & 0xffff;
    const tooShort = udpLength < 8 + TUNNEL_AND_INNER || udpLength + 20 !== total;
    if (tooShort || at + 14 + total > end) return -VXLAN_MALFORMED;
    if (!ipv4HeaderIntact(view, at + 14, at + 34)) return -BAD_CHECKSUM;
    const noVni = (bytes[at + 42]! & VNI_PRESENT) === 0 || view.getInt32(at + 46) >>> 8 === 0;
    return noVni ? -VXLAN_MALFORMED : at + 42;
  }

  /** `l3` and `l4` in an outer IP packet of `total` bytes. Later fragments are not tunnels. */
  function checkUdp(l3: number, l4: number, total: number, protocol: number, end: number): number {
    if (protocol !== UDP || l4 + 8 > end) return PLAIN;
    if (view.getUint16(l4 + 2) !== VXLAN_PORT) return PLAIN;
    if (bytes[l3]! >>> 4 === 4) {
      if ((view.getUint16(l3 + 6) & 0x3fff) !== 0) return PLAIN;
      if (!ipv4HeaderIntact(view, l3, l4)) return -BAD_CHECKSUM;
    }
    const udpEnd = l4 + view.getUint16(l4 + 4);
    if (l4 + 8 + TUNNEL_AND_INNER > udpEnd || udpEnd !== l3 + total || l3 + total > end) {
      return -VXLAN_MALFORMED;
    }
    const header = l4 + 8;
    if ((bytes[header]! & VNI_PRESENT) === 0 || view.getUint32(header + 4) >>> 8 === 0) {
      return -VXLAN_MALFORMED;
    }
    return header;
  }

  /** Offset of the VXLAN header of the frame, PLAIN, or minus a drop code. */
  function findTunnel(at: number, end: number, kind: number): number {
    const l3 = (kind & RAW_IP) !== 0 ? at : locateIp(view, at, end);
    if (l3 < 0 || l3 + 20 > end) return PLAIN;
    const version = bytes[l3]! >>> 4;
    if (version === 4) {
      const headerLength = (bytes[l3]! & 15) * 4;
      if (headerLength < 20) return PLAIN;
      return checkUdp(l3, l3 + headerLength, view.getUint16(l3 + 2), bytes[l3 + 9]!, end);
    }
    if (version !== 6 || l3 + 40 > end) return PLAIN;
    return checkUdp(l3, l3 + 40, 40 + view.getUint16(l3 + 4), bytes[l3 + 6]!, end);
  }

  /** What the tunnel met on its way the packet at `l3` tells from now on (RFC 6040, 4.2); false
   * when it cannot. `mark` is ECT(1) or CE. */
  function takeMark(l3: number, end: number, mark: number): boolean {
    const type = view.getUint16(l3 - 2);
    if (l3 + 20 > end || (type !== ETHERTYPE_IPV4 && type !== ETHERTYPE_IPV6)) return true;
    const shift = type === ETHERTYPE_IPV6 ? 4 : 0;
    const first = view.getUint16(l3);
    const own = (first >>> shift) & 3;
    if (own === NOT_ECT) return mark !== CE;
    if (own === mark || own === CE || (own === ECT_1 && mark !== CE)) return true;
    const told = (first & ~(3 << shift)) | (mark << shift);
    if (shift === 0) updateChecksum(view, l3 + 10, first, told);
    view.setUint16(l3, told);
    return true;
  }

  /** Takes the tunnel off, if there is one; a drop code or 0. */
  function strip(row: number, kind: number): number {
    const at = start[row]!;
    const end = at + length[row]!;
    let header = (kind & RAW_IP) !== 0 ? PLAIN : findCommonTunnel(at, end);
    if (header === PLAIN) header = findTunnel(at, end, kind);
    if (header <= 0) return -header;
    const inner = header + 8;
    const innerLength = view.getUint16(header - 4) - 16;
    vpc[row] = vpcOfVni(snapshot.current.vnis, view.getUint32(header + 4) >>> 8);
    outer[row] = at;
    start[row] = inner;
    length[row] = innerLength;
    const mark = (kind & ADDRESSED) === 0 ? NOT_ECT : bytes[at + 15]! & 3;
    if ((mark & 1) === 0 || takeMark(inner + ETHERNET_LENGTH, inner + innerLength, mark)) return 0;
    return CONGESTION_UNMARKED;
  }

  return {
    name: "decap",
    reads: ["start", "length", "rxInterface"],
    writes: ["start", "length", "outer", "vpc"],
    process(batch) {
      const { rows, count } = batch;
      let decided = 0;
      for (let i = 0; i < count; i++) {
        const row = rows[i]!;
        const kind = kinds[rxInterface[row]!]!;
        let problem = (kind & VXLAN) !== 0 ? strip(row, kind) : 0;
        if (problem === 0 && vpc[row]! < 0) problem = UNKNOWN_VPC;
        if (problem === 0) continue;
        verdict[row] = problem;
        decided++;
      }
      return decided;
    },
    describe(row) {
      if (outer[row]! < 0) return "";
      return `VXLAN, VNI ${view.getUint32(start[row]! - 4) >>> 8}`;
    },
  };
}
