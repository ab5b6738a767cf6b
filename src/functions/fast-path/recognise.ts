// Data path.
// Which packets are in the plainest form there is: Ethernet, perhaps in VXLAN, IPv4 without options
// or IPv6 without extensions, whole, UDP or TCP in the middle of a connection. Nearly every packet
// of a busy gateway is. Nothing is written but the candidates; whatever is not certain here is left
// to the long way, which says what is wrong with it.
//
// Three walks over the batch, each short enough for the compiler to keep in one piece: the frames,
// out of their tunnels; then the IPv4 and the IPv6 packets in them.

import type { Batch } from "../../packet/batch.ts";
import type { PacketPool } from "../../packet/packet-pool.ts";
import { ADDRESSED, type InterfaceTable, RAW_IP, VXLAN } from "../../tables/interface-table.ts";
import type { SnapshotHolder } from "../../tables/snapshot.ts";
import { type Candidates, KEY_WORDS_V6 } from "./candidates.ts";

/** Kinds of interface: exactly these. */
const ETHERNET = 0;
const TUNNELS = VXLAN;
const BARE = RAW_IP;
const FOR_ONE = ADDRESSED;
const KEY_WORDS_6 = KEY_WORDS_V6;

const TCP = 6;
const UDP = 17;
const VXLAN_PORT = 4789;
/** Outer Ethernet, IPv4, UDP and VXLAN. */
const TUNNEL_LENGTH = 50;
const ETHERNET_LENGTH = 14;
const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const UDP_LENGTH_MIN = 8 + 8 + ETHERNET_LENGTH;
/** IP and UDP headers at least. */
const PACKET_MIN = 28;
const FRAME_MIN = ETHERNET_LENGTH + PACKET_MIN;
const TUNNELLED_MIN = TUNNEL_LENGTH + FRAME_MIN;
const V6_MIN = 48;
/** TCP flags that change the state of a connection: FIN, SYN, RST. */
const NOTABLE = 7;

/** Fills the candidates of both families from a batch. */
export type Recogniser = (batch: Batch) => void;

export function recogniser(
  pool: PacketPool,
  interfaces: InterfaceTable,
  snapshot: SnapshotHolder,
  v4: Candidates,
  v6: Candidates,
): Recogniser {
  const { bytes, view, start, length, rxInterface, frameMax } = pool;
  const { kinds, macStarts, macEnds } = interfaces;
  const { rows: rows4, l3s: l3s4, ends: ends4, keys: keys4 } = v4;
  const { rows: rows6, l3s: l3s6, ends: ends6, keys: keys6 } = v6;

  /** Certainly addresses that a frame may carry; the rare others are for ingress to judge. */
  function plainMacs(at: number): boolean {
    if (view.getInt32(at) === 0 || view.getInt32(at + 8) === 0) return false;
    return (view.getInt32(at + 4) & 0x0100) === 0;
  }

  /** Whether five words sum to all ones (RFC 1071). */
  function intact(a: number, b: number, c: number, d: number, e: number): boolean {
    let sum = (a & 0xffff) + (a >>> 16) + (b & 0xffff) + (b >>> 16) + (c & 0xffff) + (c >>> 16);
    sum += (d & 0xffff) + (d >>> 16) + (e & 0xffff) + (e >>> 16);
    sum = (sum & 0xffff) + (sum >>> 16);
    return (sum & 0xffff) + (sum >>> 16) === 0xffff;
  }

  /** Where the frame in the tunnel at `at` ends; 0 when it is not a plain tunnel. */
  function tunnelEnd(at: number, end: number): number {
    const ports = view.getInt32(at + 36);
    const type = view.getInt32(at + 12);
    const hops = view.getInt32(at + 20);
    if (ports >>> 16 !== VXLAN_PORT || (type & ~0xff) !== 0x08004500) return 0;
    // Congestion on the way, which the packet may have to tell, is for decap.
    if ((hops & 0x3fff00ff) !== UDP || (type & 1) !== 0) return 0;
    const lengths = view.getInt32(at + 16);
    const total = lengths >>> 16;
    const udpLength = ports & 0xffff;
    const innerEnd = (at + 14 + total) | 0;
    // What stands behind the tunnel packet is not sent on: the long way takes it off.
    if (udpLength < UDP_LENGTH_MIN || udpLength + 20 !== total || innerEnd !== end) return 0;
    // No UDP checksum, and a VNI present.
    if ((view.getInt32(at + 40) & ~0xf7ff) !== 0x0800) return 0;
    // The header's first and last half words make one.
    const ends = (type << 16) | view.getUint16(at + 32);
    const middle = view.getInt32(at + 24);
    if (!intact(ends, lengths, hops, middle, view.getInt32(at + 28))) return 0;
    return plainMacs(at) ? innerEnd : 0;
  }

  /** Whether the frame, that in a tunnel where there is one, is for the interface's MAC address. */
  function isMine(row: number, kind: number, size: number): boolean {
    const at = start[row]! + (kind === TUNNELS ? TUNNEL_LENGTH : 0);
    const iface = rxInterface[row]!;
    if (size < FRAME_MIN || view.getInt32(at) !== macStarts[iface]!) return false;
    return view.getUint16(at + 4) === macEnds[iface]!;
  }

  /** The network word of the sender of a frame; 0 when it has none, or cannot be plain. */
  function networkOf(row: number, kind: number, size: number): number {
    if (size > frameMax) return 0;
    if (kind === TUNNELS) return size < TUNNELLED_MIN ? 0 : view.getInt32(start[row]! + 46) & ~0xff;
    if (kind !== ETHERNET && kind !== BARE) return 0;
    const least = kind === BARE ? PACKET_MIN : FRAME_MIN;
    return size < least ? 0 : networkOfInterface(rxInterface[row]!);
  }

  function networkOfInterface(iface: number): number {
    const { interfaceVpcs, vpcVnis } = snapshot.current;
    const vpc = interfaceVpcs[iface]!;
    return vpc < 0 ? 0 : vpcVnis[vpc]! << 8;
  }

  /** Where the frame that carries the packet ends; 0 when it is not plain. */
  function frameEnd(row: number, kind: number): number {
    const at = start[row]!;
    const end = (at + length[row]!) | 0;
    return kind === TUNNELS ? tunnelEnd(at, end) : end;
  }

  /** Where it begins, from the start of what was received: a bare packet lacks its frame. */
  function frameOffset(kind: number): number {
    if (kind === TUNNELS) return TUNNEL_LENGTH;
    return kind === BARE ? -ETHERNET_LENGTH : 0;
  }

  /** The EtherType of the frame at `at`; of a bare packet, what it would be. */
  function typeOf(at: number, bare: boolean): number {
    if (bare) return bytes[at + ETHERNET_LENGTH]! >>> 4 === 6 ? IPV6 : IPV4;
    return plainMacs(at) ? view.getUint16(at + 12) : 0;
  }

  function plainPorts(ports: number): boolean {
    return (ports & 0xffff) !== 0 && ports >>> 16 !== 0;
  }

  /** UDP, or TCP in the middle of a connection, of which `space` bytes are there. */
  function plainTransport(at: number, protocol: number, space: number): boolean {
    if (protocol === UDP) {
      const udpLength = view.getUint16(at + 4);
      return udpLength >= 8 && udpLength <= space;
    }
    if (protocol !== TCP || space < 20) return false;
    const headerAndFlags = view.getUint16(at + 12);
    const headerLength = (headerAndFlags >>> 12) << 2;
    return headerLength >= 20 && headerLength <= space && (headerAndFlags & NOTABLE) === 0;
  }

  /** The packet in the frame at `at` as candidate number `count`, if it is plain; the new count. */
  function takeV4(count: number, row: number, frame: number, end: number, network: number): number {
    const at = (frame + ETHERNET_LENGTH) | 0;
    const first = view.getInt32(at);
    const fragment = view.getInt32(at + 4);
    const hops = view.getInt32(at + 8);
    const source = view.getInt32(at + 12);
    const destination = view.getInt32(at + 16);
    const total = first & 0xffff;
    // Version and header length; no fragment; a hop left; a source below the groups.
    if (first >>> 24 !== 0x45 || (fragment & 0x3fff) !== 0 || hops >>> 25 === 0) return count;
    if (source >>> 29 === 7 || total < 28 || total > end - at) return count;
    if (!intact(first, fragment, hops, source, destination)) return count;
    const protocol = (hops >>> 16) & 0xff;
    const ports = view.getInt32(at + 20);
    if (!plainPorts(ports) || !plainTransport(at + 20, protocol, total - 20)) return count;
    const key = count << 2;
    keys4[key] = network | protocol;
    keys4[key + 1] = source;
    keys4[key + 2] = destination;
    keys4[key + 3] = ports;
    rows4[count] = row;
    l3s4[count] = at;
    ends4[count] = (at + total) | 0;
    return (count + 1) | 0;
  }

  function noteV6(count: number, row: number, at: number, end: number, network: number): number {
    rows6[count] = row;
    l3s6[count] = (at + ETHERNET_LENGTH) | 0;
    ends6[count] = end;
    keys6[count * KEY_WORDS_6] = network;
    return (count + 1) | 0;
  }

  /** The frames of the batch, in the candidates of the family they seem to be of: where the packet
   * begins, where the frame ends, and the network word of the sender. */
  function findFrames({ rows, count }: Batch): void {
    let count4 = 0;
    let count6 = 0;
    for (let i = 0; i < count; i++) {
      const row = rows[i]! | 0;
      const described = kinds[rxInterface[row]!]!;
      const kind = described & ~FOR_ONE;
      if (kind !== described && !isMine(row, kind, length[row]!)) continue;
      const network = networkOf(row, kind, length[row]!);
      if (network === 0) continue;
      const end = frameEnd(row, kind);
      if (end === 0) continue;
      const at = (start[row]! + frameOffset(kind)) | 0;
      const type = typeOf(at, kind === BARE);
      if (type === IPV4) count4 = takeV4(count4, row, at, end, network);
      else if (type === IPV6) count6 = noteV6(count6, row, at, end, network);
    }
    v4.count = count4;
    v6.count = count6;
  }

  /** Keeps the frames that are plain IPv6. */
  function keepV6(): void {
    const frames = v6.count;
    let count = 0;
    for (let i = 0; i < frames; i++) {
      const at = l3s6[i]!;
      if (ends6[i]! - at < V6_MIN) continue;
      const next = view.getInt32(at + 4);
      const payload = next >>> 16;
      const protocol = (next >>> 8) & 0xff;
      // Version; a hop left; a source that is no group.
      if (bytes[at]! >>> 4 !== 6 || (next & 0xfe) === 0 || bytes[at + 8]! === 0xff) continue;
      if (payload < 8 || payload + 40 > ends6[i]! - at) continue;
      const ports = view.getInt32(at + 40);
      if (!plainPorts(ports) || !plainTransport(at + 40, protocol, payload)) continue;
      const key = count * KEY_WORDS_6;
      keys6[key] = keys6[i * KEY_WORDS_6]! | protocol;
      for (let word = 0; word < 8; word++) {
        keys6[key + 1 + word] = view.getInt32(at + 8 + 4 * word);
      }
      keys6[key + 9] = ports;
      ends6[count] = (at + 40 + payload) | 0;
      if (count !== i) {
        rows6[count] = rows6[i]!;
        l3s6[count] = at;
      }
      count = (count + 1) | 0;
    }
    v6.count = count;
  }

  return function recognise(batch) {
    findFrames(batch);
    if (v6.count > 0) keepV6();
  };
}
