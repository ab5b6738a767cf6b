// Data path.
// A transport checksum that its sender left to a network card, found without being told. Such a
// field holds the sum of the pseudo-header. A right checksum may hold that by chance; finishing it
// then writes what is there already, so nothing that was right becomes wrong.

import { fold, wordSum } from "../../packet/checksum-update.ts";
import {
  WALK_FLAGS,
  WALK_L4,
  WALK_PROTOCOL,
  WALK_WORDS,
  walkExtensions,
} from "../../packet/ipv6-extensions.ts";
import { locateIp } from "../../packet/locate-ip.ts";
import { FRAGMENT } from "../../packet/packet-pool.ts";
import { finishChecksum } from "./finish-checksum.ts";

const TCP = 6;
const UDP = 17;
const VXLAN_PORT = 4789;
/** UDP and VXLAN headers (RFC 7348). */
const TUNNEL_HEADERS = 16;

/** Finishes the checksum of the frame from `start` to `end`, in a VXLAN tunnel too, where that is
 * left to do. */
export type ChecksumSpotter = (start: number, end: number) => void;

/** For frames in that memory. */
export function buildChecksumSpotter(bytes: Uint8Array, view: DataView): ChecksumSpotter {
  const walk = new Int32Array(WALK_WORDS);

  /** Of the packet at `l3`: its transport header goes to `walk`; where its last byte is, or 0. */
  function locate(l3: number, end: number): number {
    if (bytes[l3]! >>> 4 === 6) {
      if (l3 + 40 > end) return 0;
      const last = l3 + 40 + view.getUint16(l3 + 4);
      if (last > end || !walkExtensions(bytes, l3, last, walk)) return 0;
      return (walk[WALK_FLAGS]! & FRAGMENT) === 0 ? last : 0;
    }
    const last = l3 + view.getUint16(l3 + 2);
    // No fragment: neither more to come nor an offset.
    if (last > end || (view.getUint16(l3 + 6) & 0x3fff) !== 0) return 0;
    walk[WALK_PROTOCOL] = bytes[l3 + 9]!;
    walk[WALK_L4] = l3 + (bytes[l3]! & 15) * 4;
    return last;
  }

  function addressSum(l3: number): number {
    const v6 = bytes[l3]! >>> 4 === 6;
    return v6 ? wordSum(view, l3 + 8, l3 + 40) : wordSum(view, l3 + 12, l3 + 20);
  }

  function spot(start: number, end: number, depth: number): void {
    const l3 = locateIp(view, start, end);
    if (l3 < 0 || l3 + 20 > end) return;
    const last = locate(l3, end);
    const protocol = walk[WALK_PROTOCOL]!;
    const l4 = walk[WALK_L4]!;
    if (last === 0 || (protocol !== TCP && protocol !== UDP) || l4 + 8 > last) return;
    const field = protocol === TCP ? l4 + 16 : l4 + 6;
    if (field + 2 > last) return;
    const checksum = view.getUint16(field);
    const length = last - l4;
    if (checksum !== 0 && checksum === fold(addressSum(l3) + protocol + length)) {
      finishChecksum(view, l4, field, last);
    }
    if (protocol === UDP && depth === 0 && view.getUint16(l4 + 2) === VXLAN_PORT) {
      spot(l4 + TUNNEL_HEADERS, last, 1);
    }
  }

  return (start, end) => spot(start, end, 0);
}
