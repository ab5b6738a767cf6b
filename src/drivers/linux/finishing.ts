// Data path.
// For what can send ordinary frames only, a tunnel among them: rows with `offload` bits are
// finished first. A super-frame goes out as its segments, which take free rows of the pool for as
// long as that lasts; order is kept. Everything else of the driver is as it is.

import type { Batch } from "../../packet/batch.ts";
import { BATCH_MAX } from "../../packet/limits.ts";
import type { PacketPool } from "../../packet/packet-pool.ts";
import { withTransmitDrops } from "../counts.ts";
import type { Driver, DriverCounters } from "../driver.ts";
import { SuperFrame } from "./super-frame.ts";

/** The driver, sending what it could not. */
export function finishing(driver: Driver): Driver {
  return new Finishing(driver);
}

class Finishing implements Driver {
  readonly name: string;
  readonly fd: number;
  readonly #driver: Driver;
  /** Rows to be sent next; of them, those that are ours. */
  readonly #out = new Int32Array(BATCH_MAX);
  readonly #made = new Int32Array(BATCH_MAX);
  #outCount = 0;
  #madeCount = 0;
  #pool: PacketPool | undefined;
  #frame: SuperFrame | undefined;
  /** Frames that there was no row for, and such as are not what their bits say. */
  #drops = 0;

  constructor(driver: Driver) {
    this.name = driver.name;
    this.fd = driver.fd;
    this.#driver = driver;
  }

  receive(pool: PacketPool, batch: Batch, iface: number): number {
    return this.#driver.receive(pool, batch, iface);
  }

  /** As a driver's; segments count as those several frames. */
  transmit(pool: PacketPool, rows: Int32Array, count: number): number {
    const { offload } = pool;
    let first = 0;
    while (first < count && offload[rows[first]!] === 0) first++;
    if (first === count) return this.#driver.transmit(pool, rows, count);
    const frame = this.#frameIn(pool);
    let sent = 0;
    for (let i = 0; i < count; i++) {
      const row = rows[i]!;
      if (this.#outCount === BATCH_MAX) sent += this.#flush(pool);
      if (offload[row] === 0) this.#out[this.#outCount++] = row;
      else sent += this.#cut(pool, row, frame);
    }
    return sent + this.#flush(pool);
  }

  counters(): DriverCounters {
    return withTransmitDrops(this.#driver.counters(), this.#drops);
  }

  close(): void {
    this.#driver.close();
  }

  #frameIn(pool: PacketPool): SuperFrame {
    if (pool !== this.#pool || this.#frame === undefined) {
      this.#pool = pool;
      this.#frame = new SuperFrame(pool);
    }
    return this.#frame;
  }

  /** Puts what the row holds among those to be sent; how many were, on the way. */
  #cut(pool: PacketPool, row: number, frame: SuperFrame): number {
    if (!frame.beginRow(pool, row) || frame.segmentMax > pool.frameMax) {
      this.#drops++;
      return 0;
    }
    let sent = 0;
    while (frame.left > 0) {
      if (this.#outCount === BATCH_MAX || pool.free === 0) sent += this.#flush(pool);
      const made = pool.allocate();
      if (made < 0) {
        this.#drops += frame.left;
        break;
      }
      frame.next(pool, made, pool.rxInterface[row]!);
      this.#made[this.#madeCount++] = made;
      this.#out[this.#outCount++] = made;
    }
    return sent;
  }

  #flush(pool: PacketPool): number {
    const sent = this.#driver.transmit(pool, this.#out, this.#outCount);
    pool.releaseMany(this.#made, this.#madeCount);
    this.#outCount = 0;
    this.#madeCount = 0;
    return sent;
  }
}
