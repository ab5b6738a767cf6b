// What would become of packets if they came now, one after the other? They go the long way through
// the very steps, with the live flows and what the ones before did, and then all of that is undone:
// flows they made are taken out, flows they belong to are as before, nothing is counted, nothing
// leaves, nobody is asked for.
//
// What stays is what nobody can see: time has passed, flows that are over may count for their host
// no longer, and the dice have been thrown, so the next flow gets another port than it would have,
// and the next packet that is cut another identification.

import type { Answerer } from "../functions/answer/answer.ts";
import type { Cutter } from "../functions/cut/cut.ts";
import type { NetworkFunction } from "../functions/network-function.ts";
import { Batch } from "../packet/batch.ts";
import { BATCH_MAX } from "../packet/limits.ts";
import { FRAGMENT, type PacketPool, V6 } from "../packet/packet-pool.ts";
import { HELD } from "../packet/verdict.ts";
import { DropLedger } from "../pipeline/drop-ledger.ts";
import { Pipeline } from "../pipeline/pipeline.ts";
import { type DirectionCounters, directionCounts } from "../tables/direction-counters.ts";
import { NOTHING } from "../tables/flow-events.ts";
import { tickFrom } from "../tables/flow-timers.ts";
import type { SnapshotHolder } from "../tables/snapshot.ts";
import { FlowUndo } from "./flow-undo.ts";
import type { Flows } from "./flows.ts";
import type { Interfaces } from "./interfaces.ts";
import type { NeighborTables } from "./neighborhood.ts";
import type { Outcome, PacketOutcome } from "./outcome.ts";
import type { Answer } from "./reports.ts";
import { type TraceLine, traceListener } from "./trace.ts";

/** What became of a packet. Views, valid until the next one. */
export interface Tried {
  readonly outcomes: readonly Outcome[];
  readonly answers: readonly Answer[];
  readonly trace: readonly TraceLine[];
}

/** An IP packet comes from the VPC of that name, and `look` is told what became of it. Throws a
 * NotTriedError for a VPC that there is not, for a fragment, whose way depends on others, for a
 * packet that is longer than a slot, and when no slot is free. */
export type SendTried = <T>(vpc: string, packet: Uint8Array, look: (tried: Tried) => T) => T;

export interface TryOutDependencies {
  readonly pool: PacketPool;
  readonly steps: readonly NetworkFunction[];
  readonly answer: Answerer;
  readonly cut: Cutter;
  readonly counters: DirectionCounters;
  readonly snapshot: SnapshotHolder;
  readonly flows: Flows;
  readonly interfaces: Interfaces;
  readonly next: NeighborTables;
  /** Whether the gateway has addresses of its own that it answers at. */
  readonly live: boolean;
  readonly read: (row: number) => PacketOutcome;
}

/** Why something cannot be tried out, in words. */
export class NotTriedError extends Error {}

const ETHERNET = Uint8Array.of(2, 0x49, 0, 0, 0, 1, 2, 0x49, 0, 0, 0, 2);
const GATEWAY = ETHERNET.subarray(0, 6);
const ETHERTYPE = { 4: 0x0800, 6: 0x86dd } as const;

export class TryOut {
  readonly #with: TryOutDependencies;
  readonly #pipeline: Pipeline;
  readonly #batch = new Batch();
  readonly #answers = new Batch();
  readonly #causes = new Int32Array(BATCH_MAX);
  readonly #undo: FlowUndo;

  constructor(dependencies: TryOutDependencies) {
    const { pool, counters, steps, flows, snapshot } = dependencies;
    this.#with = dependencies;
    const about = steps.filter(({ shortcut, upkeep }) => shortcut !== true && upkeep !== true);
    const drops = new DropLedger(pool, { cells: 1, kinds: 1 });
    drops.recording = false;
    this.#pipeline = new Pipeline(pool, counters, about, drops);
    this.#undo = new FlowUndo(flows, snapshot);
  }

  /** All is undone when `ask` has returned. VPC names are by index, `now` is in milliseconds: all
   * packets come at that moment. */
  run<T>(vpcs: readonly string[], now: number, ask: (send: SendTried) => T): T {
    const { counters, snapshot, next, interfaces, flows } = this.#with;
    const iface = interfaces.table.count;
    const { interfaceVpcs } = snapshot.current;
    const counted = counters.current;
    const { events } = flows;
    const { refusals } = flows.nat;
    const told = events.what;
    const used = next.neighbors.used.slice();
    const fresh = next.neighbors.freshCount;
    interfaces.table.set(iface, 0, this.#with.live ? GATEWAY : undefined);
    counters.current = directionCounts(counted.dropped.length);
    next.held.overfull = true;
    events.what = NOTHING;
    refusals.isCounting = false;
    this.#undo.begin();
    try {
      return ask((vpc, packet, look) => {
        const index = vpcs.indexOf(vpc);
        if (index < 0) throw new NotTriedError(`there is no VPC "${vpc}"`);
        interfaceVpcs[iface] = index;
        return this.#send(packet, now, look);
      });
    } finally {
      this.#undo.undo(tickFrom(now));
      this.#forgetNeighbors(fresh);
      next.neighbors.used.set(used);
      next.held.overfull = false;
      events.what = told;
      refusals.isCounting = true;
      counters.current = counted;
      interfaceVpcs[iface] = -1;
      interfaces.table.set(iface, 0);
    }
  }

  #send<T>(packet: Uint8Array, now: number, look: (tried: Tried) => T): T {
    const row = this.#open(packet);
    this.#undo.next();
    try {
      return look(this.#process(row, now));
    } finally {
      this.#giveBack();
    }
  }

  /** The row that the packet is in, as a frame for the gateway. */
  #open(packet: Uint8Array): number {
    const { pool, interfaces } = this.#with;
    const length = packet.length + ETHERNET.length + 2;
    if (length > pool.frameMax) throw new NotTriedError("the packet is longer than a packet slot");
    const row = pool.allocate();
    if (row < 0) throw new NotTriedError("no packet slot is free at the moment");
    const at = pool.open(row, interfaces.table.count, length);
    pool.bytes.set(ETHERNET, at);
    const v6 = packet.length > 0 && packet[0]! >>> 4 === 6;
    pool.view.setUint16(at + ETHERNET.length, ETHERTYPE[v6 ? 6 : 4]);
    pool.bytes.set(packet, at + ETHERNET.length + 2);
    this.#batch.push(row);
    return row;
  }

  #process(row: number, now: number): Tried {
    const { pool, read, answer, cut } = this.#with;
    const trace: TraceLine[] = [];
    const tell = traceListener(trace, this.#batch, pool, read);
    this.#pipeline.process(this.#batch, now, (step, entered) => {
      tell(step, entered);
      if (step.name === "parse" && (pool.flags[row]! & FRAGMENT) !== 0 && pool.verdict[row] === 0) {
        throw new NotTriedError("a fragment cannot be tried out: its way depends on others");
      }
      const entry = pool.flow[row]!;
      if (entry >= 0) this.#undo.note(entry, (pool.flags[row]! & V6) !== 0, step.name === "bind");
    });
    answer(this.#batch, this.#answers, this.#causes, now, true);
    if (cut.pieces.count > 0) cut.send(now);
    const piecesOf = rowsOf(cut.pieces);
    const pieces = piecesOf.map(read).map(({ frame, packet }) => ({ frame, packet }));
    const outcomes = [{ number: 0, ...read(row), pieces }];
    const answers = rowsOf(this.#answers).map((each) => {
      const { from = "", frame, packet } = read(each);
      return { cause: 0, to: from, frame, packet };
    });
    return { trace, outcomes, answers };
  }

  /** Rows, and packets that would be held. */
  #giveBack(): void {
    const { pool, next, cut } = this.#with;
    const rows = [this.#batch, this.#answers, cut.pieces].flatMap(rowsOf);
    for (const row of rows.reverse()) {
      if (pool.verdict[row] === HELD) next.held.takeBack(pool.datagram[row]!);
      pool.release(row);
    }
    cut.pieces.count = 0;
    this.#batch.count = 0;
    this.#answers.count = 0;
  }

  /** Those that nobody knew before; there were `fresh` that nobody has asked for yet. */
  #forgetNeighbors(fresh: number): void {
    const { neighbors } = this.#with.next;
    while (neighbors.freshCount > fresh) {
      neighbors.freshCount--;
      neighbors.remove(neighbors.fresh[neighbors.freshCount]!);
    }
  }
}

function rowsOf({ rows, count }: Batch): number[] {
  return [...rows.subarray(0, count)];
}
