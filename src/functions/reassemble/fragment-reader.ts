// Data path.
// What a fragment says of its place: which datagram it is of, and which part. One is looked at at a
// time, so what was found stands in one object with plain number fields.

import { findFragmentHeader } from "../../packet/ipv6-extensions.ts";
import { LATER_FRAGMENT, MORE_FRAGMENTS, type PacketPool, V6 } from "../../packet/packet-pool.ts";

const UNIT = 8;

export class FragmentReader {
  /** Its part of what follows the IP header, or the fragment header, of the whole datagram. */
  begin = 0;
  end = 0;
  /** Nothing follows. */
  last = false;
  /** Offset of the identification: two bytes for IPv4, four for IPv6. */
  identification = 0;
  readonly #pool: PacketPool;

  constructor(pool: PacketPool) {
    this.#pool = pool;
  }

  /** False when it cannot be part of a datagram. */
  read(row: number): boolean {
    const { view, bytes, l3, end, flags } = this.#pool;
    const at = l3[row]!;
    let payload = 0;
    let more = 0;
    if ((flags[row]! & V6) !== 0) {
      const header = findFragmentHeader(bytes, at);
      const field = view.getUint16(header + 2);
      this.begin = field & 0xfff8;
      more = field & 1;
      this.identification = header + 4;
      payload = header + 8;
    } else {
      const field = view.getUint16(at + 6);
      this.begin = (field & 0x1fff) * UNIT;
      more = field & 0x2000;
      this.identification = at + 4;
      payload = at + (bytes[at]! & 15) * 4;
    }
    const size = end[row]! - payload;
    this.end = this.begin + size;
    this.last = more === 0;
    // One in another would have two places.
    const later = (flags[row]! & LATER_FRAGMENT) !== 0;
    const nested = later !== this.begin > 0 || (later && (flags[row]! & MORE_FRAGMENTS) !== 0);
    return !nested && (this.last || (size > 0 && size % UNIT === 0));
  }

  /** The key of its datagram (fragment-table.ts), in the VPC with that VNI. */
  writeKey(row: number, vni: number, key: Int32Array): void {
    const { view, bytes, l3, flags } = this.#pool;
    const v6 = (flags[row]! & V6) !== 0;
    const at = l3[row]!;
    const source = at + (v6 ? 8 : 12);
    const words = v6 ? 4 : 1;
    // RFC 8200, 4.5: later fragments of IPv6 need not name the same protocol.
    key[0] = (vni << 8) | (v6 ? 0 : bytes[at + 9]!);
    key[1] = v6 ? view.getInt32(this.identification) : view.getUint16(this.identification);
    for (let i = 0; i < 4; i++) {
      key[2 + i] = i < words ? view.getInt32(source + 4 * i) : 0;
      key[6 + i] = i < words ? view.getInt32(source + 4 * (words + i)) : 0;
    }
    key[10] = v6 ? 6 : 4;
  }
}
