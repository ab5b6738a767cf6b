// Data path.
// Two ends of a wire inside the process: what one transmits the other receives. For tests, and for
// programs that use the core without a network.

import type { Batch } from "../packet/batch.ts";
import type { PacketPool } from "../packet/packet-pool.ts";
import {
  newCounts,
  RECEIVE_TOO_LONG,
  RECEIVED,
  readCounts,
  TRANSMIT_DROPS,
  TRANSMIT_TOO_LONG,
  TRANSMITTED,
} from "./counts.ts";
import type { Driver, DriverCounters } from "./driver.ts";

export interface MemoryWireOptions {
  /** Names of the two ends; "left" and "right" when absent. */
  readonly names?: readonly [string, string] | undefined;
  /** Frames that wait in one direction, at most; 1024 when absent. */
  readonly frames?: number | undefined;
  /** Longest frame the wire takes, in bytes; 2048 when absent. */
  readonly frameMax?: number | undefined;
}

/** The two ends. */
export function buildMemoryWire(options: MemoryWireOptions = {}): [MemoryDriver, MemoryDriver] {
  const { names = ["left", "right"], frames = 1024, frameMax = 2048 } = options;
  const there = new FrameQueue(frames, frameMax);
  const back = new FrameQueue(frames, frameMax);
  return [new MemoryDriver(names[0], back, there), new MemoryDriver(names[1], there, back)];
}

/** Frames on their way in one direction, in a ring of slots. */
class FrameQueue {
  readonly frameMax: number;
  readonly slots: number;
  readonly bytes: Uint8Array;
  readonly lengths: Int32Array;
  /** Slots from `head` on, `count` of them, hold frames. */
  head = 0;
  count = 0;
  open = true;

  constructor(slots: number, frameMax: number) {
    this.frameMax = frameMax;
    this.slots = slots;
    this.bytes = new Uint8Array(slots * frameMax);
    this.lengths = new Int32Array(slots);
  }
}

export class MemoryDriver implements Driver {
  readonly name: string;
  readonly fd = -1;
  readonly #in: FrameQueue;
  readonly #out: FrameQueue;
  readonly #counts = newCounts();
  #open = true;

  constructor(name: string, incoming: FrameQueue, outgoing: FrameQueue) {
    this.name = name;
    this.#in = incoming;
    this.#out = outgoing;
  }

  receive(pool: PacketPool, batch: Batch, iface: number): number {
    const queue = this.#in;
    const before = batch.count;
    while (queue.count > 0 && !batch.full) {
      const length = queue.lengths[queue.head]!;
      if (length > pool.frameMax) {
        this.#counts[RECEIVE_TOO_LONG]!++;
      } else {
        const row = pool.allocate();
        if (row < 0) break;
        const at = pool.open(row, iface, length);
        copyBytes(queue.bytes, queue.head * queue.frameMax, pool.bytes, at, length);
        batch.push(row);
      }
      queue.head = (queue.head + 1) % queue.slots;
      queue.count--;
    }
    const received = batch.count - before;
    this.#counts[RECEIVED]! += received;
    return received;
  }

  transmit(pool: PacketPool, rows: Int32Array, count: number): number {
    if (!this.#open) return 0;
    let sent = 0;
    for (let i = 0; i < count; i++) {
      if (this.#send(pool, rows[i]!)) sent++;
    }
    this.#counts[TRANSMITTED]! += sent;
    return sent;
  }

  counters(): DriverCounters {
    return readCounts(this.#counts);
  }

  /** What waits is gone, and the other end's frames are dropped from now on. */
  close(): void {
    this.#open = false;
    this.#in.open = false;
    this.#in.count = 0;
  }

  #send(pool: PacketPool, row: number): boolean {
    const queue = this.#out;
    const length = pool.length[row]!;
    if (length > queue.frameMax) {
      this.#counts[TRANSMIT_TOO_LONG]!++;
      return false;
    }
    if (!queue.open || queue.count === queue.slots) {
      this.#counts[TRANSMIT_DROPS]!++;
      return false;
    }
    const slot = (queue.head + queue.count) % queue.slots;
    queue.lengths[slot] = length;
    copyBytes(pool.bytes, pool.start[row]!, queue.bytes, slot * queue.frameMax, length);
    queue.count++;
    return true;
  }
}

function copyBytes(
  from: Uint8Array,
  fromAt: number,
  to: Uint8Array,
  toAt: number,
  length: number,
): void {
  for (let i = 0; i < length; i++) to[toAt + i] = from[fromAt + i]!;
}
