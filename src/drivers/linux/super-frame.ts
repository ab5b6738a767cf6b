// Data path.
// A frame that came as several in one (GSO, GRO), cut into those: what the sender's network card
// would have done. TCP over IPv4 and IPv6 and UDP (segments are datagrams of one size), plain or
// in a VXLAN tunnel, whose headers every segment gets too. All checksums are computed anew, so a
// super-frame is trusted to have been right.

import { byteSum, fold, wordSum } from "../../packet/checksum-update.ts";
import {
  WALK_L4,
  WALK_PROTOCOL,
  WALK_WORDS,
  walkExtensions,
} from "../../packet/ipv6-extensions.ts";
import { ETHERNET_LENGTH, locateIp } from "../../packet/locate-ip.ts";
import { protocolOf, SEGMENT_MASK, transportOf } from "../../packet/offload.ts";
import type { PacketPool } from "../../packet/packet-pool.ts";
import { copySum } from "./copy-sum.ts";
import { KIND_ECN, KIND_TCP_IPV4, KIND_TCP_IPV6, KIND_UDP } from "./offload.ts";

/** Longest super-frame: an IP packet of 65,535 bytes, and what is around it. */
const LENGTH_MAX = 65_536 + 256;
const TCP = 6;
const UDP = 17;
const UDP_HEADER = 8;
/** UDP and VXLAN (RFC 7348); an Ethernet frame follows. */
const TUNNEL_HEADERS = 16;
// TCP flags.
const FIN_PSH = 0x09;
const CWR = 0x80;

/** The memory in which a frame stands. */
export interface FrameMemory {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** Room for any super-frame. */
export function superFrameMemory(): FrameMemory {
  const bytes = new Uint8Array(LENGTH_MAX);
  return { bytes, view: new DataView(bytes.buffer) };
}

export class SuperFrame {
  /** Where the frame is put before `begin`. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Segments not yet taken. */
  left = 0;

  readonly #walk = new Int32Array(WALK_WORDS);
  // Offsets in `bytes`. Of an outer IP header, -1 without tunnel.
  #start = 0;
  #outer = -1;
  #outerUdp = -1;
  #l3 = 0;
  #l4 = 0;
  #protocol = 0;
  /** Of all headers. */
  #headers = 0;
  /** Payload of each segment but the last. */
  #size = 0;
  #end = 0;
  #taken = 0;

  constructor({ bytes, view }: FrameMemory) {
    this.bytes = bytes;
    this.view = view;
  }

  /** Length of the longest segment, in bytes. */
  get segmentMax(): number {
    return this.#headers + this.#size;
  }

  /**
   * The frame stands at `start` and has `length` bytes. `kind` and `size` (payload of a segment)
   * are the kernel's words, and so is `checksumStart`: where the innermost transport header starts,
   * from `start`, or 0 if unknown. False when the frame is not what they say.
   */
  begin(start: number, length: number, kind: number, size: number, checksumStart: number): boolean {
    const wanted = protocolOfKind(kind);
    if (wanted === 0 || size === 0) {
      this.left = 0;
      return false;
    }
    const l4 = checksumStart === 0 ? 0 : start + checksumStart;
    if (!this.#find(start, length, wanted, l4) || this.#headers === length) return false;
    this.#size = size;
    this.left = Math.ceil((length - this.#headers) / size);
    return true;
  }

  /** The same for a row that has `offload` bits. One without segments is to be finished only: the
   * one segment that there is then is the whole frame. */
  beginRow(pool: PacketPool, row: number): boolean {
    const { bytes } = this;
    const start = pool.start[row]!;
    const length = pool.length[row]!;
    const l3 = pool.l3[row]!;
    const protocol = protocolOf(bytes, l3);
    if (!this.#find(start, length, protocol, transportOf(bytes, l3))) return false;
    const payload = length - this.#headers;
    const size = pool.offload[row]! & SEGMENT_MASK;
    this.#size = size === 0 ? payload : size;
    this.left = size === 0 ? 1 : Math.ceil(payload / size);
    return true;
  }

  /** Finds all headers of a frame that carries a packet of the protocol `wanted`, in a tunnel or
   * not; the transport header at `l4`, unless that is 0. */
  #find(start: number, length: number, wanted: number, l4: number): boolean {
    this.left = 0;
    this.#taken = 0;
    this.#start = start;
    this.#end = start + length;
    this.#outer = -1;
    this.#outerUdp = -1;
    if (!this.#locate(start)) return false;
    if (this.#protocol === UDP && (wanted === TCP || (l4 !== 0 && this.#l4 !== l4))) {
      this.#outer = this.#l3;
      this.#outerUdp = this.#l4;
      if (!this.#locate(this.#l4 + TUNNEL_HEADERS)) return false;
    }
    if (this.#protocol !== wanted || (l4 !== 0 && this.#l4 !== l4)) return false;
    const header = this.#transportHeader();
    if (header === 0) return false;
    this.#headers = this.#l4 + header - start;
    return true;
  }

  /** Writes the next segment as a frame into `row`, which has room for `segmentMax` bytes. */
  next(pool: PacketPool, row: number, iface: number): void {
    const { view } = pool;
    const from = this.#start + this.#headers + this.#taken * this.#size;
    const payload = this.left === 1 ? this.#end - from : this.#size;
    const at = pool.open(row, iface, this.#headers + payload);
    copySum(this.view, this.#start, view, at, this.#headers);
    const sum = copySum(this.view, from, view, at + this.#headers, payload);
    this.#mend(view, at - this.#start, at + this.#headers, at + this.#headers + payload, sum);
    this.#taken++;
    this.left--;
  }

  /** Finds the headers of the Ethernet frame at `at`. */
  #locate(at: number): boolean {
    const { bytes, view } = this;
    if (at + ETHERNET_LENGTH > this.#end) return false;
    const l3 = locateIp(view, at, this.#end);
    if (l3 < 0) return false;
    this.#l3 = l3;
    const version = bytes[l3]! >>> 4;
    if (version === 4) {
      this.#protocol = bytes[l3 + 9]!;
      this.#l4 = l3 + (bytes[l3]! & 15) * 4;
      return this.#l4 >= l3 + 20 && this.#l4 + UDP_HEADER <= this.#end;
    }
    if (version !== 6 || l3 + 40 > this.#end) return false;
    if (!walkExtensions(bytes, l3, this.#end, this.#walk)) return false;
    this.#protocol = this.#walk[WALK_PROTOCOL]!;
    this.#l4 = this.#walk[WALK_L4]!;
    return this.#l4 + UDP_HEADER <= this.#end;
  }

  /** Its length in bytes; 0 when it is not whole. */
  #transportHeader(): number {
    if (this.#protocol === UDP) return UDP_HEADER;
    if (this.#l4 + 20 > this.#end) return 0;
    const length = (this.bytes[this.#l4 + 12]! >>> 4) * 4;
    return length >= 20 && this.#l4 + length <= this.#end ? length : 0;
  }

  /** Makes copied headers those of this segment. `moved` is how far they are from where they were;
   * the payload from `data` to `end` sums to `sum`. From the inside out, as outer checksums cover
   * inner ones. */
  #mend(view: DataView, moved: number, data: number, end: number, sum: number): void {
    const l3 = this.#l3 + moved;
    const l4 = this.#l4 + moved;
    const protocol = this.#protocol;
    const field = protocol === TCP ? l4 + 16 : l4 + 6;
    this.#mendIp(view, l3, end);
    if (protocol === TCP) this.#mendTcp(view, l4);
    else view.setUint16(l4 + 4, end - l4);
    view.setUint16(field, 0);
    const header = byteSum(view, l4, data) + pseudoSum(view, l3, protocol, end - l4);
    writeChecksum(view, field, protocol, header + sum);
    if (this.#outer >= 0) this.#mendOuter(view, this.#outer + moved, this.#outerUdp + moved, end);
  }

  #mendOuter(view: DataView, l3: number, udp: number, end: number): void {
    this.#mendIp(view, l3, end);
    view.setUint16(udp + 4, end - udp);
    if (view.getUint16(udp + 6) === 0) return;
    view.setUint16(udp + 6, 0);
    const sum = byteSum(view, udp, end) + pseudoSum(view, l3, UDP, end - udp);
    writeChecksum(view, udp + 6, UDP, sum);
  }

  #mendIp(view: DataView, l3: number, end: number): void {
    if (view.getUint8(l3) >>> 4 === 6) {
      view.setUint16(l3 + 4, end - l3 - 40);
      return;
    }
    view.setUint16(l3 + 2, end - l3);
    view.setUint16(l3 + 4, view.getUint16(l3 + 4) + this.#taken);
    view.setUint16(l3 + 10, 0);
    const headerEnd = l3 + (view.getUint8(l3) & 15) * 4;
    view.setUint16(l3 + 10, ~wordSum(view, l3, headerEnd) & 0xffff);
  }

  #mendTcp(view: DataView, l4: number): void {
    view.setUint32(l4 + 4, view.getUint32(l4 + 4) + this.#taken * this.#size);
    let flags = view.getUint8(l4 + 13);
    if (this.#taken > 0) flags &= ~CWR;
    if (this.left > 1) flags &= ~FIN_PSH;
    view.setUint8(l4 + 13, flags);
  }
}

function protocolOfKind(kind: number): number {
  const plain = kind & ~KIND_ECN;
  if (plain === KIND_TCP_IPV4 || plain === KIND_TCP_IPV6) return TCP;
  return plain === KIND_UDP ? UDP : 0;
}

function pseudoSum(view: DataView, l3: number, protocol: number, length: number): number {
  const v6 = view.getUint8(l3) >>> 4 === 6;
  const addresses = v6 ? wordSum(view, l3 + 8, l3 + 40) : wordSum(view, l3 + 12, l3 + 20);
  return addresses + protocol + length;
}

/** `sum` is not folded yet. */
function writeChecksum(view: DataView, field: number, protocol: number, sum: number): void {
  const checksum = ~fold(sum) & 0xffff;
  view.setUint16(field, checksum === 0 && protocol === UDP ? 0xffff : checksum);
}
