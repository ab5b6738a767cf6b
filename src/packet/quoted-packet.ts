// Data path.
// The packet quoted in an ICMP error: where its headers are, as far as they were quoted. One is
// looked at at a time, so what was found stands in one object with plain number fields.

import { queryId } from "./icmp-query.ts";
import { ipv4HeaderIntact } from "./ipv4-checksum.ts";
import {
  WALK_FLAGS,
  WALK_L4,
  WALK_PROTOCOL,
  WALK_WORDS,
  walkExtensions,
} from "./ipv6-extensions.ts";
import { LATER_FRAGMENT } from "./packet-pool.ts";
import { DROP } from "./verdict.ts";

const TCP = 6;
const UDP = 17;
const DCCP = 33;
const ICMPV6 = 58;
const MOBILITY = 135;
const UDP_LITE = 136;
const HOST_IDENTITY = 139;

const INCOMPLETE = DROP["icmp-error-incomplete"].code;
const BAD_CHECKSUM = DROP["icmp-quoted-bad-checksum"].code;

export class QuotedPacket {
  /** Offset of its IP header. */
  l3 = 0;
  /** Offset of its transport header, where the quote may end. */
  l4 = 0;
  protocol = 0;
  /** -1 when it has none. */
  sourcePort = -1;
  destinationPort = -1;
  /** A later fragment: what is quoted behind the IP header is no transport header. */
  fragment = false;
  /** Offset of its transport checksum if that covers the addresses and was quoted, else 0. */
  checksum = 0;

  /** Reads the packet at `at`, quoted up to `end`, of the family of the error; a drop code or 0. */
  read(bytes: Uint8Array, view: DataView, at: number, end: number, v6: boolean): number {
    this.l3 = at;
    this.sourcePort = -1;
    this.destinationPort = -1;
    this.checksum = 0;
    if (end - at < (v6 ? 40 : 20)) return INCOMPLETE;
    if (bytes[at]! >>> 4 !== (v6 ? 6 : 4)) return INCOMPLETE;
    const later = v6 ? this.#ipv6(bytes, at, end) : this.#ipv4(bytes, view, at, end);
    if (later < 0) return -later;
    this.fragment = later === LATER_FRAGMENT;
    return later === LATER_FRAGMENT ? 0 : this.#transport(view, end);
  }

  /** The identifier of a quoted ICMP query (echo; over IPv4 also timestamp), or -1. */
  queryId(bytes: Uint8Array, view: DataView, end: number): number {
    if (this.fragment || this.l4 + 6 > end) return -1;
    return queryId(bytes, view, this.l4, this.protocol, bytesVersion(view, this.l3) === 6);
  }

  #ipv4(bytes: Uint8Array, view: DataView, at: number, end: number): number {
    const header = (bytes[at]! & 15) * 4;
    if (header < 20 || at + header > end) return -INCOMPLETE;
    if (!ipv4HeaderIntact(view, at, at + header)) return -BAD_CHECKSUM;
    this.protocol = bytes[at + 9]!;
    this.l4 = at + header;
    return (view.getUint16(at + 6) & 0x1fff) !== 0 ? LATER_FRAGMENT : 0;
  }

  #ipv6(bytes: Uint8Array, at: number, end: number): number {
    if (!walkExtensions(bytes, at, end, walk)) return -INCOMPLETE;
    this.protocol = walk[WALK_PROTOCOL]!;
    this.l4 = walk[WALK_L4]!;
    return walk[WALK_FLAGS]! & LATER_FRAGMENT;
  }

  #transport(view: DataView, end: number): number {
    const { l4, protocol } = this;
    if (protocol === TCP || protocol === UDP) {
      if (end - l4 < 4) return INCOMPLETE;
      this.sourcePort = view.getUint16(l4);
      this.destinationPort = view.getUint16(l4 + 2);
      const noSource = this.sourcePort === 0 && protocol === TCP;
      if (noSource || this.destinationPort === 0) return INCOMPLETE;
    }
    const offset = checksumOffset(protocol, bytesVersion(view, this.l3));
    if (offset > 0 && l4 + offset + 2 <= end) this.checksum = l4 + offset;
    return 0;
  }
}

const walk = new Int32Array(WALK_WORDS);

function bytesVersion(view: DataView, l3: number): number {
  return view.getUint8(l3) >>> 4;
}

/** Where the checksum that covers the addresses stands in the transport header; 0: nowhere. */
function checksumOffset(protocol: number, version: number): number {
  if (protocol === TCP) return 16;
  if (protocol === UDP || protocol === UDP_LITE || protocol === DCCP) return 6;
  if (protocol === HOST_IDENTITY) return 4;
  if (version !== 6) return 0;
  return protocol === ICMPV6 ? 2 : protocol === MOBILITY ? 4 : 0;
}
