// Data path.
// Sends a batch through the steps. The one place where verdicts are settled: a step can only write
// a verdict, so no packet can be lost, and
//
//   received = sent + consumed + dropped by reason + waiting + held
//
// holds after every batch. The order of steps is checked when the pipeline is built: a step that
// reads a column nobody before it writes is refused.

import { assert } from "../base/assert.ts";
import type { NetworkFunction } from "../functions/network-function.ts";
import { Batch } from "../packet/batch.ts";
import type { Column, PacketPool } from "../packet/packet-pool.ts";
import { DROP_FIRST, HELD, SENT, VERDICT_LIMIT, WAITING } from "../packet/verdict.ts";
import type { DirectionCounters } from "../tables/direction-counters.ts";
import type { HeldPackets } from "../tables/held-packets.ts";
import { DropLedger } from "./drop-ledger.ts";

/** What `PacketPool.open` fills in, before any step. */
const GIVEN: readonly Column[] = ["start", "length", "rxInterface", "offload"];

/** Called after each step with the packets that entered it: for traces, never in normal running. */
export type StepListener = (step: NetworkFunction, batch: Batch) => void;

export class Pipeline {
  readonly steps: readonly NetworkFunction[];
  /** Packets that entered, in all. */
  received = 0;
  /** Of them, those that a shortcut brought to their end. */
  shortened = 0;
  /** By verdict code. Of those that wait or are held, how many there are now. */
  readonly verdicts = new Float64Array(VERDICT_LIMIT);
  /** What was dropped, one by one. */
  readonly drops: DropLedger;
  readonly #pool: PacketPool;
  readonly #counters: DirectionCounters;
  readonly #live = new Batch();
  readonly #entered = new Batch();

  constructor(
    pool: PacketPool,
    counters: DirectionCounters,
    steps: readonly NetworkFunction[],
    drops: DropLedger = new DropLedger(pool),
  ) {
    checkOrder(steps);
    this.drops = drops;
    this.steps = steps;
    this.#pool = pool;
    this.#counters = counters;
  }

  /** Gives every packet of `batch` a verdict. `now` in milliseconds. */
  process(batch: Batch, now: number, listener?: StepListener): void {
    this.received += batch.count;
    this.#run(batch, now, listener);
  }

  /** The same for packets that came earlier and have waited. */
  resume(batch: Batch, now: number, listener?: StepListener): void {
    this.verdicts[WAITING] = this.verdicts[WAITING]! - batch.count;
    this.#run(batch, now, listener);
  }

  /** A packet that was held has come back in `row`, and has a verdict now. */
  settleReleased(row: number): void {
    const code = this.#pool.verdict[row]!;
    if (code >= DROP_FIRST) this.drops.writeReleased(row, code);
    this.#settleHeld(code, this.#pool.direction[row]!);
  }

  /** A packet that is held does not go any more. */
  settleLost(held: HeldPackets, cell: number, code: number): void {
    this.drops.writeHeld(held, cell, code);
    this.#settleHeld(code, held.direction[cell]!);
  }

  #settleHeld(code: number, way: number): void {
    const { verdicts } = this;
    const { dropped } = this.#counters.current;
    verdicts[HELD]!--;
    verdicts[code]!++;
    if (code >= DROP_FIRST && way >= 0) dropped[way]!++;
  }

  /** Counts begin anew; what waits still does. */
  forgetCounts(): void {
    const { verdicts } = this;
    const waiting = verdicts[WAITING]!;
    const held = verdicts[HELD]!;
    verdicts.fill(0);
    verdicts[WAITING] = waiting;
    verdicts[HELD] = held;
    this.received = waiting + held;
    this.shortened = 0;
    this.drops.clear();
  }

  #run(batch: Batch, now: number, listener?: StepListener): void {
    const { steps } = this;
    const live = this.#live;
    this.drops.now[0] = now;
    live.copyFrom(batch);
    for (let i = 0; i < steps.length && live.count > 0; i++) {
      const step = steps[i]!;
      if (listener !== undefined) {
        if (step.shortcut === true) continue;
        this.#entered.copyFrom(live);
      }
      const decided = step.process(live, now);
      if (listener !== undefined) listener(step, this.#entered);
      if (step.shortcut === true) this.shortened += decided;
      if (decided > 0) this.#settle(live, i);
    }
    assert(live.count === 0, "the last step decides every packet that reaches it");
  }

  /** Takes the packets that a step has decided about out of `live`, keeping the order of the
   * others, and counts them. */
  #settle(live: Batch, step: number): void {
    const { verdict, direction } = this.#pool;
    const { dropped } = this.#counters.current;
    const { rows, count } = live;
    const { verdicts } = this;
    let kept = 0;
    let sent = 0;
    for (let i = 0; i < count; i++) {
      const row = rows[i]!;
      const code = verdict[row]!;
      if (code === 0) {
        rows[kept] = row;
        kept++;
      } else if (code === SENT) sent++;
      else {
        verdicts[code] = verdicts[code]! + 1;
        if (code < DROP_FIRST) continue;
        const way = direction[row]!;
        if (way >= 0) dropped[way] = dropped[way]! + 1;
        this.drops.write(row, code, step);
      }
    }
    verdicts[SENT] = verdicts[SENT]! + sent;
    live.count = kept;
  }
}

function checkOrder(steps: readonly NetworkFunction[]): void {
  const written = new Set<Column>(GIVEN);
  const names = new Set<string>();
  for (const step of steps) {
    assert(!names.has(step.name), `a step is in the pipeline once: ${step.name}`);
    names.add(step.name);
    for (const column of step.reads) {
      assert(
        written.has(column),
        `step ${step.name} reads ${column}, which no earlier step writes`,
      );
    }
    for (const column of step.writes) written.add(column);
  }
}
