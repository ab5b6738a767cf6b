// Copies packets while they pass: as they came, and what became of them. Only while somebody
// captures; packets never wait for that, what is too much is counted instead.

import { type Clock, wallClock } from "../../base/clock.ts";
import type { Gateway, Link } from "../../gateway/gateway.ts";
import { BATCH_MAX } from "../../packet/limits.ts";
import { UNFINISHED } from "../../packet/offload.ts";
import { finishChecksum } from "../../wire/finish-checksum.ts";
import { type CaptureFilter, CaptureTest } from "./capture-filter.ts";

type Outcome = ReturnType<Gateway["outcome"]>;

/** Longest part of a frame that is kept. */
const SNAP_BYTES = 2048;
/** Packets taken of one turn at most, and packets that may wait to be fetched. */
const PER_TURN = 64;
const WAITING_MAX = 4096;
/** What is kept lies side by side in pieces of memory so long: many small ones are dear to make,
 * and dearer to hand to another thread. */
const CHUNK_BYTES = 32 << 10;
/** Packets handed over at a time, as packets wait meanwhile: some 0.3 ms. */
const PORTION = 16;
/** Somebody who does not fetch for so long is gone. */
export const PATIENCE_MILLIS = 10_000;

/** A packet and what became of it. Plain data. */
export interface Tapped extends Omit<Outcome, "frame" | "packet" | "offset" | "pieces"> {
  /** Counts what is captured, from 1. */
  readonly count: number;
  /** Since 1970. */
  readonly millis: number;
  /** That it came by, and how its frames begin. */
  readonly interface: string;
  readonly link: Link;
  /** The IP packet between VPCs as it came; the whole frame when none was found in it. Undefined
   * for one that came before, and has waited. */
  readonly came: Uint8Array | undefined;
  readonly cameLength: number;
  /** Whether `came` is a frame. */
  readonly isFrame: boolean;
  /** What leaves: one packet, or its pieces; and how long each is. */
  readonly left: readonly Uint8Array[];
  readonly leftLengths: readonly number[];
}

export interface Fetched {
  readonly packets: readonly Tapped[];
  /** Whether others wait to be fetched. */
  readonly more: boolean;
  /** Packets meant that were not taken, since the beginning. */
  readonly missed: number;
  readonly isOver: boolean;
  /** Whether it ended before its time, as nobody fetched: packets are missing behind the last. */
  readonly isCut: boolean;
}

export class Tap {
  readonly #gateway: Gateway;
  readonly #clock: Clock;
  #test: CaptureTest | undefined;
  /** Counts those who have opened it. */
  #ticket = 0;
  #left = 0;
  #count = 0;
  #missed = 0;
  #isCut = false;
  #fetchedAt = 0;
  #packets: Tapped[] = [];
  /** Numbers of packets that were meant, and wait for another fragment. */
  readonly #waiting = new Set<number>();
  #chunk = new Uint8Array(0);
  #chunkUsed = 0;
  /** Of the batch that is about to run: frames, and where each began in the pool. */
  #bytes = new Uint8Array(0);
  readonly #starts = new Int32Array(BATCH_MAX);
  readonly #lengths = new Int32Array(BATCH_MAX);
  /** 1: the transport checksum is left to a network card. */
  readonly #unfinished = new Uint8Array(BATCH_MAX);
  #came = 0;

  constructor(gateway: Gateway, clock: Clock = wallClock) {
    this.#gateway = gateway;
    this.#clock = clock;
  }

  /** Whether packets are to be shown to it. */
  get isOpen(): boolean {
    return this.#test !== undefined;
  }

  /** Begins, for `most` packets; a ticket to fetch them with. Throws an Error with a sentence when
   * the filter is wrong. */
  open(filter: CaptureFilter, most: number): number {
    this.#test = new CaptureTest(filter);
    if (this.#bytes.length === 0) this.#bytes = new Uint8Array(BATCH_MAX * SNAP_BYTES);
    this.#left = most;
    this.#count = 0;
    this.#missed = 0;
    this.#isCut = false;
    this.#came = 0;
    this.#packets = [];
    this.#waiting.clear();
    this.#fetchedAt = this.#clock.now();
    this.#ticket++;
    return this.#ticket;
  }

  /** Only if it is still open for that ticket. */
  close(ticket: number): void {
    if (ticket === this.#ticket) this.#close();
  }

  #close(): void {
    this.#test = undefined;
    this.#packets = [];
    this.#waiting.clear();
    this.#chunk = new Uint8Array(0);
    this.#chunkUsed = 0;
  }

  /** The next of what has been captured. Over when nothing more will come, as for somebody who has
   * been taken for gone. */
  fetch(ticket: number): Fetched {
    if (ticket !== this.#ticket) {
      return { packets: [], more: false, missed: 0, isOver: true, isCut: true };
    }
    const packets = this.#packets.splice(0, PORTION);
    const more = this.#packets.length > 0;
    this.#fetchedAt = this.#clock.now();
    const isOver = this.#test === undefined || this.#left === 0;
    return { packets, more, missed: this.#missed, isOver: isOver && !more, isCut: this.#isCut };
  }

  /** Before a run: what came. */
  before(): void {
    const { pool, batch } = this.#gateway.parts;
    this.#came = batch.count;
    for (let i = 0; i < batch.count; i++) {
      const row = batch.rows[i]!;
      const start = pool.start[row]!;
      const length = pool.length[row]!;
      this.#starts[i] = start;
      this.#lengths[i] = length;
      this.#unfinished[i] = (pool.offload[row]! & UNFINISHED) === 0 ? 0 : 1;
      const end = start + Math.min(length, SNAP_BYTES, pool.slotBytes);
      this.#bytes.set(pool.bytes.subarray(start, end), i * SNAP_BYTES);
    }
  }

  /** After the run, before the gateway is cleared; `ran` outcomes are there. */
  after(ran: number): void {
    const millis = this.#clock.now();
    if (millis - this.#fetchedAt > PATIENCE_MILLIS) {
      this.#missed += this.#packets.length;
      this.#isCut = true;
      this.#close();
      return;
    }
    const { pool, batch, returned, names } = this.#gateway.parts;
    const test = this.#test!;
    let room = PER_TURN;
    for (let i = 0; i < this.#came && this.#left > 0; i++) {
      const row = batch.rows[i]!;
      if (!test.means(pool, row, names, this.#bytes, i * SNAP_BYTES, this.#starts[i]!)) continue;
      if (room-- > 0) this.#take(i, pool.rxInterface[row]!, millis);
      else this.#missed++;
    }
    // Those that have waited for another fragment are seen as they leave.
    for (let i = batch.count; i < ran && this.#left > 0; i++) {
      this.#takeReturned(i, returned.rows[i - batch.count]!, millis);
    }
  }

  #take(index: number, iface: number, millis: number): void {
    const outcome = this.#gateway.outcome(index);
    if (outcome.verdict === "waiting") this.#waiting.add(outcome.number);
    const at = index * SNAP_BYTES;
    const length = this.#lengths[index]!;
    const kept = Math.min(length, SNAP_BYTES);
    const isFrame = outcome.offset < 0 || outcome.offset >= kept;
    const from = isFrame ? 0 : outcome.offset;
    const bytes = this.#copied(this.#bytes.subarray(at + from, at + kept));
    // Behind a packet the link layer may have padded.
    const came = isFrame ? bytes : trimmed(bytes);
    const cameLength = came.length < bytes.length ? came.length : length - from;
    const isUnfinished = this.#unfinished[index] === 1;
    if (isUnfinished && !isFrame) finishChecksum(came);
    this.#push(outcome, iface, millis, { came, cameLength, isFrame }, isUnfinished);
  }

  /** One that was meant when it came, or is by what has become of it. */
  #takeReturned(index: number, row: number, millis: number): void {
    const { pool, names } = this.#gateway.parts;
    const outcome = this.#gateway.outcome(index);
    const start = pool.start[row]!;
    const isMeant = this.#test!.means(pool, row, names, pool.bytes, start, start);
    if (!this.#waiting.delete(outcome.number) && !isMeant) return;
    this.#push(outcome, -1, millis, { came: undefined, cameLength: 0, isFrame: false });
  }

  #push(
    outcome: Outcome,
    iface: number,
    millis: number,
    came: Pick<Tapped, "came" | "cameLength" | "isFrame">,
    isUnfinished = false,
  ): void {
    if (this.#packets.length >= WAITING_MAX) {
      this.#missed++;
      return;
    }
    const { frame: _, packet, offset: __, pieces, ...rest } = outcome;
    const leaves = outcome.verdict === "sent" || outcome.verdict === "held";
    const whole = leaves ? [packet, ...pieces.map((each) => each.packet)] : [];
    const left = whole.map((each) => this.#copied(each.subarray(0, SNAP_BYTES)));
    if (isUnfinished) left.forEach(finishChecksum);
    const port = this.#gateway.parts.interfaces[iface];
    this.#left--;
    this.#count++;
    this.#packets.push({
      ...rest,
      ...came,
      count: this.#count,
      millis,
      interface: port?.name ?? "",
      link: port?.link ?? "raw-ip",
      left,
      leftLengths: whole.map(({ length }) => length),
    });
  }

  #copied(bytes: Uint8Array): Uint8Array {
    if (this.#chunkUsed + bytes.length > this.#chunk.length) {
      this.#chunk = new Uint8Array(Math.max(CHUNK_BYTES, bytes.length));
      this.#chunkUsed = 0;
    }
    const first = this.#chunkUsed;
    this.#chunk.set(bytes, first);
    this.#chunkUsed += bytes.length;
    return this.#chunk.subarray(first, this.#chunkUsed);
  }
}

/** An IP packet without what follows it. */
function trimmed(packet: Uint8Array): Uint8Array {
  const v6 = packet[0]! >>> 4 === 6;
  const said = v6 ? 40 + ((packet[4]! << 8) | packet[5]!) : (packet[2]! << 8) | packet[3]!;
  return said > 0 && said < packet.length ? packet.subarray(0, said) : packet;
}
