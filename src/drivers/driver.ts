// What carries frames between a network and the packet pool. The gateway's loop knows no more of
// it: receive, run the pipeline, transmit, and sleep until a driver's `fd` has something.

import type { Batch } from "../packet/batch.ts";
import type { PacketPool } from "../packet/packet-pool.ts";

/** What a driver has counted since it was opened. All are frames. Nothing is lost uncounted:
 * what came, or was to go, is in one of these. */
export interface DriverCounters {
  /** Put into the pool. One that came as several in one (GSO) counts as those several. */
  readonly received: number;
  /** Came, and were lost as nobody took them in time. */
  readonly receiveDrops: number;
  /** Came, and are longer than a slot of the pool takes. */
  readonly receiveTooLong: number;
  /** Came, and cannot be made into whole frames: their headers are not what they claim. */
  readonly receiveErrors: number;
  /** Handed on; what the network does with them is not known here. */
  readonly transmitted: number;
  /** Were to go, and found no room or an interface that is down. */
  readonly transmitDrops: number;
  /** Were to go, and are longer than the other side takes. */
  readonly transmitTooLong: number;
}

/** Not safe for several threads: each opens its own. */
export interface Driver {
  /** Of the interface or file. */
  readonly name: string;
  /** Readable, as poll(2) means it, when frames wait; -1 when there is nothing to poll. */
  readonly fd: number;
  /**
   * Adds frames that wait to `batch`, each in a new row of `pool`, as received by `iface`; as many
   * as there are, until the batch is full or the pool has no free row. The frames are whole: as on
   * the wire, with VLAN tags and right checksums (what came with a wrong one keeps it), and never
   * longer than `pool.frameMax`. In the order of arrival. Some may be for other MAC addresses.
   * Where a driver was asked for it, work may be left to do, as the pool's `offload` column says;
   * then `l3` is known too. Returns how many.
   */
  receive(pool: PacketPool, batch: Batch, iface: number): number;
  /**
   * Sends the first `count` of `rows`, in order. Afterwards the rows are the caller's as before,
   * and may be released at once. Returns how many were sent; the others are counted and gone. Rows
   * with `offload` bits are only for drivers that say so; others are wrapped (linux/finishing.ts).
   */
  transmit(pool: PacketPool, rows: Int32Array, count: number): number;
  counters(): DriverCounters;
  /** Gives back everything it holds. May be called twice; the others do nothing afterwards. */
  close(): void;
}
