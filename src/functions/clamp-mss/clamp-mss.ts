// Data path.
// A SYN that promises to take longer segments than the networks on its way do gets the promise
// lowered (an option: for paths on which ICMP does not reach the sender). RFC 9293, 3.7.1: the MSS
// is the MTU less the fixed headers, 40 bytes for IPv4 and 60 for IPv6.

import { updateChecksum } from "../../packet/checksum-update.ts";
import { FIXED_ADDRESSES, type PacketPool, PORTS, V6 } from "../../packet/packet-pool.ts";
import { TCP_SYN } from "../../tables/flow-state.ts";
import type { SnapshotHolder } from "../../tables/snapshot.ts";
import type { NetworkFunction } from "../network-function.ts";

const TCP = 6;
const HEADER = 20;
const MSS = 2;
const MSS_LENGTH = 4;

export function clampMss(pool: PacketPool, snapshot: SnapshotHolder): NetworkFunction {
  const { bytes, view, l4, end, flags, protocol, vpc, toVpc } = pool;

  /** Where the value of the MSS option stands, or -1. */
  function findMss(row: number): number {
    const at = l4[row]!;
    const limit = Math.min(at + (bytes[at + 12]! >>> 4) * 4, end[row]!);
    let option = at + HEADER;
    while (option + 1 < limit) {
      const kind = bytes[option]!;
      if (kind === 0) return -1;
      const length = kind === 1 ? 1 : bytes[option + 1]!;
      // Whatever stands behind an option of impossible length is no option.
      if (length < 2 && kind !== 1) return -1;
      if (kind === MSS && length === MSS_LENGTH && option + length <= limit) return option + 2;
      option += length;
    }
    return -1;
  }

  function clamp(row: number): void {
    const { vpcMtus } = snapshot.current;
    const at = findMss(row);
    if (at < 0) return;
    const mtu = Math.min(vpcMtus[vpc[row]!]!, vpcMtus[toVpc[row]!]!);
    const most = mtu - HEADER - ((flags[row]! & V6) !== 0 ? 40 : 20);
    const old = view.getUint16(at);
    if (old <= most) return;
    view.setUint16(at, most);
    // At an odd place the two bytes are halves of different words, each the other one.
    const odd = ((at - l4[row]!) & 1) !== 0;
    updateChecksum(view, l4[row]! + 16, odd ? swapped(old) : old, odd ? swapped(most) : most);
  }

  return {
    name: "clamp-mss",
    reads: ["l4", "end", "flags", "protocol", "vpc", "toVpc"],
    writes: [],
    process(batch) {
      if (!snapshot.current.clampsMss) return 0;
      const { rows, count } = batch;
      for (let i = 0; i < count; i++) {
        const row = rows[i]!;
        const tcp = protocol[row]! === TCP && (flags[row]! & (PORTS | FIXED_ADDRESSES)) === PORTS;
        if (tcp && (bytes[l4[row]! + 13]! & TCP_SYN) !== 0) clamp(row);
      }
      return 0;
    },
  };
}

function swapped(value: number): number {
  return ((value & 0xff) << 8) | (value >>> 8);
}
