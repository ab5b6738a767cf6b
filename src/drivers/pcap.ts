// Captures in place of an interface: frames come from one file and go to another. For trying out
// and for tests; `replay` tells more about each packet than frames in a file can.

import { closeSync, openSync, readSync, writeSync } from "node:fs";
import type { Clock } from "../base/clock.ts";
import type { Batch } from "../packet/batch.ts";
import type { PacketPool } from "../packet/packet-pool.ts";
import { type CapturedFrame, LINK_ETHERNET } from "./capture.ts";
import {
  newCounts,
  RECEIVE_ERRORS,
  RECEIVE_TOO_LONG,
  RECEIVED,
  readCounts,
  TRANSMIT_DROPS,
  TRANSMITTED,
} from "./counts.ts";
import type { Driver, DriverCounters } from "./driver.ts";
import { CaptureReader } from "./pcap-read.ts";
import { PcapngWriter } from "./pcapng-write.ts";

export interface PcapOptions {
  /** pcap or pcapng; nothing comes when absent. */
  readonly input?: string | undefined;
  /** Made anew, as pcapng; what is transmitted is counted and gone when absent. */
  readonly output?: string | undefined;
}

export interface PcapDependencies {
  /** Stamps what is written; its moment zero is written as the start of 1970. */
  readonly clock: Clock;
}

const CHUNK = 256 * 1024;
const NANOS_PER_MILLI = 1e6;

export class PcapDriver implements Driver {
  readonly name: string;
  readonly fd = -1;
  /** What stopped it before its time, in a sentence: a broken input, a full disk. */
  trouble: string | undefined;

  readonly #clock: Clock;
  readonly #counts = newCounts();
  readonly #reader = new CaptureReader();
  readonly #chunk = new Uint8Array(CHUNK);
  /** Read, and not yet received, from `#next` on. */
  #waiting: CapturedFrame[] = [];
  #next = 0;
  #input: number | undefined;
  #output: number | undefined;
  #writer: PcapngWriter | undefined;
  #blocks: Uint8Array[] = [];
  #open = true;

  /** Throws Node's error when a file cannot be opened. */
  constructor(options: PcapOptions, { clock }: PcapDependencies) {
    this.name = options.input ?? options.output ?? "pcap";
    this.#clock = clock;
    if (options.input !== undefined) this.#input = openSync(options.input, "r");
    try {
      if (options.output !== undefined) this.#openOutput(options.output);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Those of an input that grows come later. */
  receive(pool: PacketPool, batch: Batch, iface: number): number {
    const before = batch.count;
    while (!batch.full && (this.#next < this.#waiting.length || this.#read())) {
      if (!this.#place(pool, batch, iface, this.#waiting[this.#next]!)) break;
      this.#next++;
    }
    const received = batch.count - before;
    this.#counts[RECEIVED]! += received;
    return received;
  }

  transmit(pool: PacketPool, rows: Int32Array, count: number): number {
    if (!this.#open) return 0;
    const nanos = BigInt(Math.round(this.#clock.now() * NANOS_PER_MILLI));
    for (const row of rows.subarray(0, count)) {
      const start = pool.start[row]!;
      const bytes = pool.bytes.subarray(start, start + pool.length[row]!);
      this.#writer?.packet({ iface: 0, nanos, bytes });
    }
    const written = this.#write();
    this.#counts[written ? TRANSMITTED : TRANSMIT_DROPS]! += count;
    return written ? count : 0;
  }

  counters(): DriverCounters {
    return readCounts(this.#counts);
  }

  close(): void {
    this.#open = false;
    this.#waiting = [];
    for (const fd of [this.#input, this.#output]) if (fd !== undefined) closeSync(fd);
    this.#input = undefined;
    this.#output = undefined;
  }

  /** False when the frame has to wait for a row. */
  #place(pool: PacketPool, batch: Batch, iface: number, frame: CapturedFrame): boolean {
    const { bytes, originalLength } = frame;
    const ethernet = this.#reader.interfaces[frame.iface]?.linkType === LINK_ETHERNET;
    // What the capture cut off is no frame any more.
    if (!ethernet || bytes.length < originalLength) {
      this.#counts[RECEIVE_ERRORS]!++;
      return true;
    }
    if (bytes.length > pool.frameMax) {
      this.#counts[RECEIVE_TOO_LONG]!++;
      return true;
    }
    const row = pool.allocate();
    if (row < 0) return false;
    pool.bytes.set(bytes, pool.open(row, iface, bytes.length));
    batch.push(row);
    return true;
  }

  /** Reads on until there are frames; false at the end of the file. */
  #read(): boolean {
    this.#next = 0;
    this.#waiting = [];
    while (this.#input !== undefined && this.#waiting.length === 0) {
      this.#reader.detach();
      const count = readSync(this.#input, this.#chunk);
      if (count === 0) break;
      this.#waiting = this.#reader.push(this.#chunk.subarray(0, count));
      this.trouble ??= this.#reader.trouble;
    }
    return this.#waiting.length > 0;
  }

  #openOutput(path: string): void {
    this.#output = openSync(path, "w");
    this.#writer = new PcapngWriter((block) => this.#blocks.push(block));
    this.#writer.interface(path, LINK_ETHERNET);
    this.#write();
  }

  /** Whole blocks to the file; false when it takes no more. */
  #write(): boolean {
    let bytes: Uint8Array = Buffer.concat(this.#blocks);
    this.#blocks = [];
    if (this.#output === undefined) return this.#writer === undefined;
    try {
      while (bytes.length > 0) bytes = bytes.subarray(writeSync(this.#output, bytes));
      return true;
    } catch (error) {
      // Behind half a block nothing can be read again.
      this.trouble ??= error instanceof Error ? error.message : String(error);
      closeSync(this.#output);
      this.#output = undefined;
      return false;
    }
  }
}
