// Data path.
// Where every dropped packet is written down: why, at which step, by which interface it came, from
// which VPC and to which. Each combination that occurs has a counter. There is a fixed number of
// them, so nothing is made for a packet; when all are taken, what is new is counted by its reason
// alone.
//
// VPCs have numbers of the ledger's own, which stay when a configuration gives them others: 0 is
// none or unknown. Whoever gives the numbers knows the names.

import type { PacketPool } from "../packet/packet-pool.ts";
import { VERDICT_LIMIT } from "../packet/verdict.ts";
import type { FlowTable } from "../tables/flow-table.ts";
import type { HeldPackets } from "../tables/held-packets.ts";
import { PairIndex } from "../tables/pair-index.ts";
import { DropSamples, SAMPLE_KINDS } from "./drop-samples.ts";

/** Counters: 100 kB in all. */
const CELLS = 4096;
/** Highest number that a VPC can have. */
export const VPC_NUMBER_MAX = 0xffff;

export interface DropLedgerOptions {
  /** Flows of IPv4 and IPv6, for what they say of their packets' rules. */
  readonly tables?: readonly [FlowTable, FlowTable] | undefined;
  /** Number of the step for packets that were held. Default 255. */
  readonly heldStep?: number | undefined;
  /** Counters, and kinds of samples; powers of two. Default 4096 and 512. */
  readonly cells?: number | undefined;
  readonly kinds?: number | undefined;
}

export class DropLedger {
  /** Nothing is written down while it is false: for packets that are only tried out. */
  recording = true;
  /** Of the run: milliseconds. */
  readonly now = new Float64Array(1);
  /** Which counter: code | step << 8 | interface << 16, and from << 16 | to. */
  readonly cells: PairIndex;
  readonly counts: Float64Array;
  /** By code: dropped packets that found all counters taken. */
  readonly others = new Float64Array(VERDICT_LIMIT);
  readonly samples: DropSamples;
  /** By counter: the kind of its samples, -1 for none. */
  readonly #kinds: Int32Array;
  readonly #pool: PacketPool;
  readonly #heldStep: number;
  /** By VPC index and one: its number. By direction: that of the VPC it leads to. */
  #vpcs = new Int32Array(1);
  #destinations = new Int32Array(0);
  /** The counter of before: packets of a flood are alike. */
  #lastFirst = 0;
  #lastSecond = 0;
  #last = -1;

  constructor(pool: PacketPool, options: DropLedgerOptions = {}) {
    const { tables, heldStep = 255, cells = CELLS, kinds = SAMPLE_KINDS } = options;
    this.#pool = pool;
    this.#heldStep = heldStep;
    this.cells = new PairIndex(cells);
    this.counts = new Float64Array(cells);
    this.#kinds = new Int32Array(cells);
    this.samples = new DropSamples(pool, tables, kinds);
  }

  /** From now on VPCs and directions have these numbers: `vpcs` by VPC index and one, the first
   * being 0; `destinations` by direction. */
  renumber(vpcs: Int32Array<ArrayBuffer>, destinations: Int32Array<ArrayBuffer>): void {
    this.#vpcs = vpcs;
    this.#destinations = destinations;
  }

  /** The packet in `row` was dropped by that step of the pipeline. */
  write(row: number, code: number, step: number): void {
    if (!this.recording) return;
    const { vpc, direction, rxInterface } = this.#pool;
    const way = direction[row]!;
    const to = way < 0 ? 0 : this.#destinations[way]! | 0;
    const from = this.#vpcs[vpc[row]! + 1]! | 0;
    const kind = this.#count(code | (step << 8) | (rxInterface[row]! << 16), (from << 16) | to);
    const now = this.now[0]!;
    if (this.samples.isDue(kind, now)) this.samples.takeRow(kind, row, step, now);
  }

  /** A packet that was held was to leave, and was dropped then. */
  writeReleased(row: number, code: number): void {
    if (!this.recording) return;
    const { vpc, toVpc, rxInterface } = this.#pool;
    const step = this.#heldStep;
    const first = code | (step << 8) | (rxInterface[row]! << 16);
    const kind = this.#count(first, this.#pair(vpc[row]!, toVpc[row]!));
    const now = this.now[0]!;
    if (this.samples.isDue(kind, now)) this.samples.takeReleased(kind, row, step, now);
  }

  /** A packet that is held, and will not leave any more. */
  writeHeld(held: HeldPackets, cell: number, code: number): void {
    if (!this.recording) return;
    const step = this.#heldStep;
    const first = code | (step << 8) | (held.room.rxInterface[cell]! << 16);
    const kind = this.#count(first, this.#pair(held.vpc[cell]!, held.toVpc[cell]!));
    const now = this.now[0]!;
    if (this.samples.isDue(kind, now)) this.samples.takeHeld(kind, held, cell, step, now);
  }

  /** All begins anew. */
  clear(): void {
    this.cells.clear();
    this.counts.fill(0);
    this.others.fill(0);
    this.samples.clear();
    this.#last = -1;
  }

  #pair(from: number, to: number): number {
    return ((this.#vpcs[from + 1]! | 0) << 16) | (this.#vpcs[to + 1]! | 0);
  }

  /** The kind of its samples. */
  #count(first: number, second: number): number {
    let cell = this.#last;
    if (cell < 0 || first !== this.#lastFirst || second !== this.#lastSecond) {
      const known = this.cells.count;
      cell = this.cells.numberOf(first, second);
      if (cell < 0) return this.#countOther(first & 0xff, second);
      if (cell === known) this.#kinds[cell] = this.samples.kinds.numberOf(first & 0xff, second);
      this.#last = cell;
      this.#lastFirst = first;
      this.#lastSecond = second;
    }
    this.counts[cell] = this.counts[cell]! + 1;
    return this.#kinds[cell]!;
  }

  #countOther(code: number, second: number): number {
    this.others[code] = this.others[code]! + 1;
    return this.samples.kinds.numberOf(code, second);
  }
}
