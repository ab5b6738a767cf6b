// Frames with work left to do, as AF_PACKET's `whole` puts them into a pool.

import { offloadOf } from "../../src/drivers/linux/may-pass-whole.ts";
import type { PacketPool } from "../../src/packet/packet-pool.ts";
import type { Unfinished } from "../live/unfinished.ts";

/** What the `offload` column is to be. */
export function offloadBits({ header, frame }: Unfinished): number {
  const joined = new Uint8Array(header.length + frame.length);
  joined.set(header);
  joined.set(frame, header.length);
  return offloadOf(joined, header.length, frame.length);
}

/** A new row with the frame, which has no VLAN tag. */
export function wholeRow(pool: PacketPool, sent: Unfinished, iface = 0): number {
  const row = pool.allocate();
  const start = pool.open(row, iface, sent.frame.length);
  pool.bytes.set(sent.frame, start);
  pool.offload[row] = offloadBits(sent);
  pool.l3[row] = start + 14;
  return row;
}
