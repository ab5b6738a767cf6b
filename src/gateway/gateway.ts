// The gateway as everybody outside the data path sees it: configurations in, frames in, outcomes
// and counts out. It introduces the layers to each other and does nobody's work.

import { plainMemory } from "../base/arena.ts";
import type { Config } from "../config/model.ts";
import type { Answerer } from "../functions/answer/answer.ts";
import type { Cutter } from "../functions/cut/cut.ts";
import type { Links } from "../links/links.ts";
import { natModes } from "../nat/modes.ts";
import { Batch } from "../packet/batch.ts";
import { BATCH_MAX } from "../packet/limits.ts";
import type { Outbox } from "../packet/outbox.ts";
import { PacketPool } from "../packet/packet-pool.ts";
import { CONSUMED, SENT, WAITING } from "../packet/verdict.ts";
import { Pipeline } from "../pipeline/pipeline.ts";
import { type DirectionCounters, directionCounts } from "../tables/direction-counters.ts";
import { TICK_MILLIS, tickFrom, tickOf } from "../tables/flow-timers.ts";
import { TrieBuilder } from "../tables/prefix-table.ts";
import { EMPTY_SNAPSHOT, type SnapshotHolder } from "../tables/snapshot.ts";
import { compile, type Names, NO_NAMES } from "./compile.ts";
import { DropBook } from "./drop-book.ts";
import { type FlowView, viewFlow } from "./flow-list.ts";
import { type Flows, makeFlows } from "./flows.ts";
import { type InterfaceOptions, Interfaces } from "./interfaces.ts";
import { Neighborhood, neighborTables } from "./neighborhood.ts";
import type { FrameSource, GatewayDependencies, GatewayOptions } from "./options.ts";
import type { Outcome, Piece } from "./outcome.ts";
import { OutcomeReader } from "./outcome-reader.ts";
import { PairTotals } from "./pair-totals.ts";
import { readCounts } from "./read-counts.ts";
import type { Answer, ApplyReport, Counts, EndedFlow, GatewayParts, Tracked } from "./reports.ts";
import { Returned } from "./returned.ts";
import { Revalidator } from "./revalidate.ts";
import { gatewaySteps } from "./steps.ts";
import { type TraceLine, traceListener } from "./trace.ts";
import { type SendTried, TryOut } from "./try-out.ts";

export { END_REASONS } from "./end-reason.ts";
export type { FlowView } from "./flow-list.ts";
export type { FlowOptions } from "./flows.ts";
export type { InterfaceOptions, Link } from "./interfaces.ts";
export type { FrameSource, GatewayDependencies, GatewayOptions } from "./options.ts";
export type { PairCount } from "./pair-totals.ts";
export type {
  Answer,
  ApplyReport,
  Counts,
  EndedFlow,
  GatewayParts,
  Tracked,
} from "./reports.ts";
export type { TraceLine } from "./trace.ts";

export class Gateway {
  readonly #pool: PacketPool;
  readonly #pipeline: Pipeline;
  readonly #drops: DropBook;
  readonly #interfaces = new Interfaces();
  readonly #snapshot: SnapshotHolder = { current: EMPTY_SNAPSHOT };
  readonly #counters: DirectionCounters = { current: directionCounts(0) };
  readonly #tries = new TrieBuilder();
  readonly #totals = new PairTotals();
  readonly #batch = new Batch();
  readonly #answers = new Batch();
  /** Packets of earlier runs that have waited. */
  readonly #returned: Returned;
  readonly #neighborhood: Neighborhood | undefined;
  /** Packets received before the first of the batch. */
  #before = 0;
  readonly #causes = new Int32Array(BATCH_MAX);
  readonly #answer: Answerer;
  #answered = 0;
  readonly #cut: Cutter;
  #pieces = 0;
  readonly #tryOut: TryOut;
  readonly #dependencies: GatewayDependencies;
  readonly #flows: Flows;
  #names: Names = NO_NAMES;
  /** What the first configuration said. The table is made for it, and never made anew. */
  #flowTableCapacity: number | undefined;
  #tick = 0;
  #since = 0;
  #ran = 0;
  #config: Config | undefined;

  constructor(options: GatewayOptions, dependencies: GatewayDependencies) {
    this.#dependencies = dependencies;
    this.#pool = new PacketPool({ ...options, memory: dependencies.memory });
    const { random, memory = plainMemory, live } = dependencies;
    this.#flows = makeFlows(options, random, memory, this.#snapshot);
    const next = neighborTables(this.#flows.hashKey, memory, live !== undefined);
    const shared = { pool: this.#pool, counters: this.#counters };
    const { steps, answer, cut, encap } = gatewaySteps({
      ...shared,
      flows: this.#flows,
      interfaces: this.#interfaces.table,
      snapshot: this.#snapshot,
      next,
    });
    this.#drops = new DropBook(this.#pool, this.#flows.tables, steps);
    this.#pipeline = new Pipeline(this.#pool, this.#counters, steps, this.#drops.ledger);
    this.#answer = answer;
    this.#cut = cut;
    const read = (row: number) => this.#reader().read(row);
    const parts = { steps, answer, cut, next, snapshot: this.#snapshot, flows: this.#flows, read };
    this.#tryOut = new TryOut({ ...shared, ...parts, interfaces: this.#interfaces, live: !!live });
    this.#returned = new Returned(this.#pool, this.#flows.fragments, this.#snapshot);
    const pipeline = this.#pipeline;
    this.#neighborhood = live && new Neighborhood({ ...live, ...next, ...shared, pipeline, encap });
  }

  /** Asks what would become of IP packets that came one after the other, and undoes whatever they
   * did: see try-out.ts, also for what it throws. `ask` is given what sends one; all is there until
   * it returns. Between two runs; the last one's packets are cleared. `now` in milliseconds. */
  tryOut<T>(now: number, ask: (send: SendTried) => T): T {
    this.clear();
    this.advance(now);
    return this.#tryOut.run(this.#names.vpcs, now, ask);
  }

  /** Counts applied configurations; 0 before the first. */
  get generation(): number {
    return this.#snapshot.current.generation;
  }

  /** Swaps in a configuration between two batches: all of it or (by throwing) nothing. `now` in
   * milliseconds; it only counts where there are links. */
  apply(config: Config, now = 0): ApplyReport {
    const { adjacency } = this.#dependencies;
    const links = this.#neighborhood?.links;
    const ways = links?.prepare(config, now);
    const { nat } = this.#flows;
    const timersOf = this.#flows.setTimers(config.timers);
    const tools = { modes: natModes, adjacency, ways, nat, timersOf, tries: this.#tries };
    const { snapshot, names } = compile(config, tools);
    const interfaceVpcs = this.#interfaces.vpcs(names.vpcs);
    this.#neighborhood?.renumber(this.#names.vpcs, names.vpcs);
    this.#drops.renumber(this.#snapshot.current, this.#names, names);
    this.#totals.add(this.#names, this.#counters.current);
    this.#counters.current = directionCounts(names.directions.length);
    this.#names = names;
    this.#snapshot.current = { ...snapshot, generation: this.generation + 1, interfaceVpcs };
    links?.commit(config, now);
    this.#config = config;
    const { timeoutMillis, datagrams, waiting } = config.fragments;
    const timeoutTicks = Math.ceil(timeoutMillis / TICK_MILLIS);
    const vnis = config.vpcs.map(({ vni }) => vni);
    this.#flows.fragments.setLimits({ timeoutTicks, datagrams, waiting, vnis });
    this.#flowTableCapacity ??= config.flowTableCapacity;
    return { ...this.#revalidate(), notices: this.noticesOf(config) };
  }

  /** Whether any packet may belong to a flow. Then what answers a packet must not be in one batch
   * with it: the flow is made only when the packet has passed. */
  get keepsFlows(): boolean {
    return !this.#snapshot.current.flowless;
  }

  /** Whether any packet may have to be cut. Its pieces need free slots: one each. */
  get cuts(): boolean {
    return this.#snapshot.current.hasMtus;
  }

  /** Flows that are alive, of both families. */
  flows(): FlowView[] {
    const result: FlowView[] = [];
    for (const table of this.#flows.tables) {
      table.each(this.#tick, (flow) => result.push(viewFlow(table, flow, this.#tick)));
    }
    return result;
  }

  /** What is held at the moment. */
  tracked(): Tracked {
    const { tables, nat, hostCount, fragments } = this.#flows;
    const flows = tables[0].count + tables[1].count;
    const datagrams = fragments.count;
    return { flows, mappings: nat.mappings.count, hosts: hostCount(), datagrams };
  }

  /** Moves the clock without packets: flows end as it passes. */
  advance(now: number): void {
    this.#tick = tickOf(now);
    this.#since = tickFrom(now);
  }

  /** The same, and takes out flows that are over, of the next `flows`: for when nothing runs. */
  sweep(flows: number, now: number): void {
    this.advance(now);
    for (const table of this.#flows.tables) table.sweep(flows, this.#tick);
  }

  /** Sentences about what the configuration says and the gateway cannot do while it runs. */
  noticesOf({ flowTableCapacity: wished }: Config): string[] {
    const made = this.#flowTableCapacity ?? wished;
    if (made === wished) return [];
    return [`gateway.flowTableCapacity is now ${wished}: until a restart it stays ${made}.`];
  }

  #revalidate(): Pick<ApplyReport, "kept" | "ended"> {
    const revalidator = new Revalidator(this.#snapshot.current);
    let kept = 0;
    const ended: EndedFlow[] = [];
    for (const table of this.#flows.tables) {
      table.each(this.#tick, (flow) => {
        const reason = revalidator.check(table, flow, this.#since);
        if (reason === undefined) kept++;
        else {
          ended.push({ reason, flow: viewFlow(table, flow, this.#tick) });
          table.remove(flow);
        }
      });
      const forget = (flow: number) => {
        if (!revalidator.keepsRest(table, flow, this.#since)) table.remove(flow);
      };
      table.each(this.#tick, forget, false);
    }
    this.#flows.recount(this.#snapshot.current, this.#tick);
    return { kept, ended };
  }

  /** Returns the interface's index, to be given to `receive`. */
  addInterface(options: InterfaceOptions): number {
    const index = this.#interfaces.add(options);
    this.#renewInterfaces();
    return index;
  }

  /** The interface is another from now on. */
  setInterface(index: number, options: InterfaceOptions): void {
    this.#interfaces.set(index, options);
    this.#renewInterfaces();
  }

  #renewInterfaces(): void {
    const interfaceVpcs = this.#interfaces.vpcs(this.#names.vpcs);
    this.#snapshot.current = { ...this.#snapshot.current, interfaceVpcs };
  }

  /** Where its neighbors are; only a live gateway has any. */
  get links(): Links | undefined {
    return this.#neighborhood?.links;
  }

  /** The same as `receive`, straight from a driver; how many frames. */
  take(source: FrameSource, iface: number): number {
    if (this.#ran > 0) this.clear();
    return source.receive(this.#pool, this.#batch, iface);
  }

  /** Puts into `outbox` every row of the last run that is to leave. */
  collect(outbox: Outbox): void {
    const { verdict, txInterface } = this.#pool;
    outbox.addSent(this.#batch, verdict, txInterface);
    outbox.addSent(this.#cut.pieces, verdict, txInterface);
    outbox.addSent(this.#returned.batch, verdict, txInterface);
    outbox.addSent(this.#answers, verdict, txInterface);
    if (this.#neighborhood) outbox.addSent(this.#neighborhood.leaving, verdict, txInterface);
  }

  /** Where the packets are, for drivers. */
  get pool(): PacketPool {
    return this.#pool;
  }

  /** Copies a frame in; false when no more fit into one run. A frame over the slot size is cut,
   * accounted for as dropped with "frame-too-long", and still gets an outcome. */
  receive(iface: number, frame: Uint8Array): boolean {
    if (this.#ran > 0) this.clear();
    if (this.#batch.full) return false;
    const row = this.#pool.allocate();
    if (row < 0) return false;
    const at = this.#pool.open(row, iface, frame.length);
    const { frameMax } = this.#pool;
    this.#pool.bytes.set(frame.length > frameMax ? frame.subarray(0, frameMax) : frame, at);
    this.#batch.push(row);
    return true;
  }

  /** Sends what was received through all steps. `now` in milliseconds. Returns how many outcomes
   * there are, to be asked for until `clear`: those of the received packets in their order, then
   * those of packets that came earlier and have waited. */
  run(now: number, trace?: TraceLine[]): number {
    this.#neighborhood?.inject(this.#batch);
    const listener =
      trace && traceListener(trace, this.#batch, this.#pool, (row) => this.#reader().read(row));
    this.advance(now);
    this.#flows.fragments.pass(this.#tick);
    const { verdicts } = this.#pipeline;
    const sentBefore = verdicts[SENT]!;
    const waitingBefore = verdicts[WAITING]!;
    const consumedBefore = verdicts[CONSUMED]!;
    this.#before = this.#pipeline.received;
    this.#pipeline.process(this.#batch, now, listener);
    if (verdicts[SENT]! - sentBefore !== this.#batch.count) {
      this.#answer(this.#batch, this.#answers, this.#causes, now);
      this.#answered += this.#answers.count;
    }
    if (verdicts[WAITING]! !== waitingBefore) this.#returned.number(this.#batch, this.#before);
    if (this.#flows.fragments.ready >= 0) this.#resume(now, trace);
    if (this.#cut.pieces.count > 0) this.#cut.send(now);
    this.#pieces += this.#cut.pieces.count;
    if (verdicts[CONSUMED]! !== consumedBefore) {
      this.#neighborhood?.settle(this.#batch, this.#names.vpcs, now);
    }
    this.#neighborhood?.tick(now);
    this.#ran = this.#batch.count + this.#returned.batch.count;
    return this.#ran;
  }

  #resume(now: number, trace?: TraceLine[]): void {
    this.#returned.take();
    const { batch } = this.#returned;
    const read = (row: number) => this.#reader().read(row);
    const before = this.#batch.count;
    const listener = trace && traceListener(trace, batch, this.#pool, read, before);
    this.#pipeline.resume(batch, now, listener);
  }

  /** Outcome number `index`, from 0, of the last run. */
  outcome(index: number): Outcome {
    const { rows, count } = this.#batch;
    const isNew = index < count;
    const row = isNew ? rows[index]! : this.#returned.batch.rows[index - count]!;
    const number = isNew ? this.#before + index : this.#returned.numbers[index - count]!;
    return { number, ...this.#reader().read(row), pieces: this.#piecesOf(row) };
  }

  #piecesOf(row: number): Piece[] {
    const { pieces, causes } = this.#cut;
    if (pieces.count === 0) return [];
    const reader = this.#reader();
    return Array.from(pieces.rows.subarray(0, pieces.count))
      .filter((_, index) => causes[index] === row)
      .map((piece) => ({ frame: reader.frame(piece), packet: reader.packet(piece) }));
  }

  /** What the gateway itself sent back in the last run, in the order of the packets answered. */
  answers(): Answer[] {
    const { rows, count } = this.#answers;
    return Array.from({ length: count }, (_, index) => {
      const { from = "", frame, packet } = this.#reader().read(rows[index]!);
      return { cause: this.#causes[index]!, to: from, frame, packet };
    });
  }

  /** Gives the packets of the last run back to the pool. */
  clear(): void {
    this.#pool.releaseMany(this.#batch.rows, this.#batch.count);
    this.#pool.releaseMany(this.#answers.rows, this.#answers.count);
    const { batch: returned } = this.#returned;
    this.#pool.releaseMany(returned.rows, returned.count);
    this.#neighborhood?.clear();
    this.#pool.releaseMany(this.#cut.pieces.rows, this.#cut.pieces.count);
    this.#cut.pieces.count = 0;
    this.#answers.count = 0;
    returned.count = 0;
    this.#batch.count = 0;
    this.#ran = 0;
  }

  counts(): Counts {
    const pairs = this.#totals.with(this.#names, this.#counters.current);
    return readCounts(this.#pipeline, this.#answered, this.#pieces, pairs);
  }

  /** What it is made of, for those that explain it (`insight`): to be looked at between two runs,
   * and not to be kept. */
  get parts(): GatewayParts {
    return {
      config: this.#config,
      names: this.#names,
      snapshot: this.#snapshot.current,
      flows: this.#flows,
      pool: this.#pool,
      batch: this.#batch,
      returned: this.#returned.batch,
      pipeline: this.#pipeline,
      drops: this.#drops,
      interfaces: this.#interfaces.all,
      tick: this.#tick,
      since: this.#since,
    };
  }

  /** All counts begin anew; between two runs. */
  forgetCounts(): void {
    this.#pipeline.forgetCounts();
    this.#totals.clear();
    this.#counters.current = directionCounts(this.#names.directions.length);
    this.#answered = 0;
    this.#pieces = 0;
  }

  #reader(): OutcomeReader {
    return new OutcomeReader(this.#pool, this.#snapshot.current, this.#names, this.#flows.tables);
  }
}
