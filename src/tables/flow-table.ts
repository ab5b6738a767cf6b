// Data path.
// The flows of one address family: two entries a flow, one for each direction, side by side. An
// entry has its key, what its packets become, and all that a packet of an established flow reads or
// writes: one cache line for IPv4, two for IPv6. Both directions live and end together.
//
// Flow f has the entries 2f (original) and 2f + 1 (reply); the other direction of entry e is e ^ 1.

import { Arena } from "../base/arena.ts";
import type { FlowDraft } from "./flow-draft.ts";
import {
  isResting,
  readFlow,
  sameKey,
  setState,
  ticksLeft,
  writeAnswerKey,
  writeEntry,
  writeKey,
  writeOriginalKey,
} from "./flow-entry.ts";
import { FlowEvents, NOTHING } from "./flow-events.ts";
import { FlowHolds } from "./flow-holds.ts";
import { type FlowLayout, RESTING, STATE_MASK, V4_LAYOUT, V6_LAYOUT } from "./flow-layout.ts";
import {
  CLOSED,
  ESTABLISHED,
  nextPlainState,
  nextTcpState,
  ONE_WAY,
  TCP_ACK,
  TCP_FIN,
  TCP_RST,
  TCP_SYN,
  TWO_WAY,
} from "./flow-state.ts";
import { FlowSweeper } from "./flow-sweeper.ts";
import type { FlowTableOptions } from "./flow-table-options.ts";
import {
  compileTimers,
  END_WHEN_CLOSED,
  idleTicks,
  NEVER_SHORTEN,
  REFRESH_UNANSWERED,
  REST,
  TIMER_WORDS,
  type Timers,
} from "./flow-timers.ts";
import { IndexPool } from "./index-pool.ts";
import { KeyedSlab } from "./keyed-slab.ts";
import { needsFlow, RULE_WORDS } from "./rule-table.ts";
import { forgetWindow, isBelievable } from "./tcp-window.ts";
import { VpcFlows } from "./vpc-flows.ts";

const TCP = 6;
const UDP = 17;

/** Why `insert` did not. */
export const FULL = -1;
export const IN_USE = -2;

export class FlowTable {
  readonly layout: FlowLayout;
  readonly slab: KeyedSlab;
  readonly v6: boolean;
  readonly capacity: number;
  /** Flows in the table, ended ones that rest included. */
  count = 0;
  /** By flow: the rules of both sides, its timers. */
  readonly sourceRule: Int32Array;
  readonly destinationRule: Int32Array;
  readonly timerSet: Uint8Array;
  /** By flow: the tick at which it was made. */
  readonly born: Int32Array;
  readonly vpcs: VpcFlows;
  /** Told of a flow before it is given up with all it holds: for whoever wants it back. */
  parting: ((table: FlowTable, flow: number) => void) | undefined = undefined;
  readonly #holds: FlowHolds;
  #timers: Int32Array;
  readonly #numbers: IndexPool;
  readonly #key: Int32Array;
  readonly #other: Int32Array;
  readonly sweeper: FlowSweeper;
  readonly #events: FlowEvents;

  constructor(options: FlowTableOptions) {
    const { v6, capacity, memory, hashKey, timers, release, fetchMappings, limits } = options;
    this.v6 = v6;
    this.capacity = capacity;
    this.layout = v6 ? V6_LAYOUT : V4_LAYOUT;
    this.slab = new KeyedSlab({
      capacity: 2 * capacity,
      entryWords: this.layout.words,
      keyWords: this.layout.ports + 1,
      memory,
      hashKey,
    });
    const bytesPerFlow = 17 + FlowHolds.bytesPerFlow + VpcFlows.bytesPerFlow;
    const arena = new Arena(bytesPerFlow * capacity + 1024, memory);
    this.sourceRule = arena.int32(capacity);
    this.destinationRule = arena.int32(capacity);
    this.born = arena.int32(capacity);
    this.#holds = new FlowHolds(capacity, arena, release, fetchMappings);
    this.#numbers = new IndexPool(capacity, arena);
    this.timerSet = arena.uint8(capacity);
    this.vpcs = new VpcFlows(capacity, arena, limits);
    this.#timers = compileTimers(timers);
    this.#events = options.events ?? new FlowEvents();
    this.sweeper = new FlowSweeper(this);
    this.#key = new Int32Array(this.slab.keyWords);
    this.#other = new Int32Array(this.slab.keyWords);
  }

  /** The entry with that key, living or not, or -1. */
  find(
    network: number,
    view: DataView,
    source: number,
    destination: number,
    fromPort: number,
    toPort: number,
  ): number {
    writeKey(this.layout, this.#key, network, view, source, destination, fromPort, toPort);
    return this.slab.find(this.#key, 0, this.slab.hash(this.#key, 0));
  }

  /** Other times, from now on: flows get them with their next packet. */
  setTimers(timers: readonly Timers[]): void {
    this.#timers = compileTimers(timers);
  }

  /** Whether the flow of the entry is neither over nor expired. */
  alive(entry: number, tick: number): boolean {
    const { words } = this.slab;
    const flow = entry >> 1;
    return !isResting(this.layout, words, flow) && ticksLeft(this.layout, words, flow, tick) > 0;
  }

  state(flow: number): number {
    const { words } = this.slab;
    return words[2 * flow * this.layout.words + this.layout.state]! & STATE_MASK;
  }

  /** Whether one more flow has room. When all are taken, flows that are over give up their rest. */
  reserve(tick: number): boolean {
    if (this.#numbers.left === 0) this.sweeper.collect(COLLECT_MAX, 1, tick, 0);
    return this.#numbers.left > 0;
  }

  /** Makes room for `flows` new ones together, which is cheaper than for one at a time, as far as
   * there are as many that are over. */
  reserveMany(flows: number, tick: number): void {
    const missing = flows - this.#numbers.left;
    if (missing > 0) this.sweeper.collect(flows + COLLECT_MAX, missing, tick, 0);
  }

  /** Makes a flow of the draft; its number, FULL or IN_USE. */
  insert(draft: FlowDraft): number {
    const key = this.#key;
    const other = this.#other;
    writeOriginalKey(this.layout, key, draft);
    writeAnswerKey(this.layout, this.#other, draft);
    const tag = this.slab.hash(key, 0);
    const otherTag = this.slab.hash(other, 0);
    const { tick } = draft;
    if (sameKey(key, other)) return IN_USE;
    if (!this.#makeRoom(key, tag, tick) || !this.#makeRoom(other, otherTag, tick)) return IN_USE;
    if (!this.reserve(tick)) return FULL;
    const flow = this.#numbers.take();
    const { words } = this.slab;
    writeEntry(this.layout, words, 2 * flow, key, other, draft.direction);
    writeEntry(this.layout, words, 2 * flow + 1, other, key, draft.replyDirection);
    this.sourceRule[flow] = draft.sourceRule;
    this.destinationRule[flow] = draft.destinationRule;
    this.#holds.write(flow, draft);
    this.timerSet[flow] = draft.timers;
    this.born[flow] = tick;
    this.#start(flow, draft);
    this.slab.link(2 * flow, tag);
    this.slab.link(2 * flow + 1, otherTag);
    this.count++;
    this.vpcs.enter(flow, draft.from);
    if (this.#events.what !== NOTHING) this.#events.began(this, flow, draft.mapping);
    return flow;
  }

  /** Whether a flow, living or resting, is found by the answers to the draft's. */
  hasAnswer(draft: FlowDraft): boolean {
    writeAnswerKey(this.layout, this.#other, draft);
    return this.slab.find(this.#other, 0, this.slab.hash(this.#other, 0)) >= 0;
  }

  /** Whether the side that sends in the direction of `entry` hides its addresses behind the flow's:
   * its expose keeps flows. */
  hides(entry: number, rules: Int32Array): boolean {
    const side = (entry & 1) === 0 ? this.sourceRule : this.destinationRule;
    return needsFlow(rules, side[entry >> 1]! * RULE_WORDS);
  }

  /** Takes the flow out, and gives back what it held. */
  remove(flow: number): void {
    this.slab.unlink(2 * flow);
    this.slab.unlink(2 * flow + 1);
    this.discard(flow);
  }

  /** Gives back the flow, which is not found any more, and what it held. */
  discard(flow: number): void {
    if (this.#events.what !== NOTHING) this.#events.ended(this, flow, this.#holds.mapping(flow));
    if (this.parting !== undefined) this.parting(this, flow);
    const at = 2 * flow * this.layout.words + this.layout.state;
    this.slab.words[at] = 0;
    this.slab.words[at + this.layout.words] = 0;
    this.#numbers.giveBack(flow);
    this.count--;
    this.#holds.release(flow);
    this.vpcs.leave(flow);
  }

  /** Fetches what discarding the flows will need of memory; any number. */
  fetchHolds(flows: Int32Array, count: number): number {
    return this.#holds.fetch(flows, count);
  }

  /** Flow numbers below this one have been given out. */
  get used(): number {
    return this.#numbers.used;
  }

  /** As if no flow numbers from `used` on, which nobody has, had ever been given out. */
  forgetNumbers(used: number): void {
    if (used < this.used) this.#numbers.forget(used);
  }

  /** A packet in the direction of `entry` that may change the state: in any state but established,
   * or with flags that do. `flags` is 0 for all but TCP. Idle times count from the tick `since`. */
  track(entry: number, protocol: number, flags: number, sequence: number, since: number): void {
    const { words } = this.slab;
    const { layout } = this;
    const at = entry * layout.words;
    const peer = (entry ^ 1) * layout.words;
    const original = (entry & 1) === 0;
    const flow = entry >> 1;
    const before = words[at + layout.state]! & STATE_MASK;
    const set = this.timerSet[flow]!;
    let state = before;
    if (protocol === TCP) {
      const fresh = (flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) === TCP_SYN;
      if (fresh) forgetWindow(words, layout, at);
      if (fresh && before > (original ? ESTABLISHED : LAST_OPEN)) {
        state = original ? ONE_WAY : TWO_WAY;
        forgetWindow(words, layout, peer);
      } else if (isBelievable(words, layout, peer, flags, sequence)) {
        state = nextTcpState(before, original, flags);
      }
    } else state = nextPlainState(before, original, protocol === UDP);
    setState(layout, words, at, state);
    setState(layout, words, peer, state);
    const rules = set * TIMER_WORDS;
    if (state > LAST_OPEN && this.#timers[rules + END_WHEN_CLOSED] !== 0) {
      this.end(flow, since);
      return;
    }
    if (state === ONE_WAY && before === ONE_WAY && this.#timers[rules + REFRESH_UNANSWERED] === 0) {
      return;
    }
    const idle =
      state === ESTABLISHED
        ? words[at + layout.idle]!
        : idleTicks(this.#timers, set, protocol, state);
    this.#extend(at, since, idle, set);
    if (state !== before) this.#extend(peer, since, idle, set);
  }

  /** For a host at its limit: flows that are over count until somebody has looked at them. The one
   * with the draft's key and some others are. */
  settle(draft: FlowDraft): void {
    writeOriginalKey(this.layout, this.#key, draft);
    const entry = this.slab.find(this.#key, 0, this.slab.hash(this.#key, 0));
    if (entry >= 0 && !this.alive(entry, draft.tick)) this.#holds.leaveHost(entry >> 1);
    this.sweep(COLLECT_MAX, draft.tick);
  }

  /** Ends the flow: nothing passes by it any more, and what it held rests before others get it. */
  end(flow: number, since: number): void {
    if (this.#events.what !== NOTHING) this.#events.ended(this, flow, this.#holds.mapping(flow));
    this.vpcs.leave(flow);
    const { words } = this.slab;
    const { layout } = this;
    for (let entry = 2 * flow; entry <= 2 * flow + 1; entry++) {
      const at = entry * layout.words;
      words[at + layout.state] = words[at + layout.state]! | RESTING;
      words[at + layout.deadline] = (since + this.#timers[REST]!) | 0;
    }
    this.#holds.leaveHost(flow);
  }

  /** Looks at `flows` flows more for ones that are over. */
  sweep(flows: number, tick: number): void {
    this.#events.tick = tick;
    if (this.count > 0) this.sweeper.collect(flows, flows, tick, this.#timers[REST]!);
  }

  /** Calls `visit` for each flow that is alive, or for each that is over. It may remove flows. */
  each(tick: number, visit: (flow: number) => void, alive = true): void {
    for (let flow = 0; flow < this.#numbers.used; flow++) {
      if (this.state(flow) !== 0 && this.alive(2 * flow, tick) === alive) visit(flow);
    }
  }

  /** Writes the flow's keys and translation into the draft, as when it was made. */
  recall(flow: number, draft: FlowDraft): void {
    draft.v6 = this.v6;
    this.#holds.read(flow, draft);
    readFlow(this.layout, this.slab.words, flow, draft);
  }

  /** The numbers that a new snapshot gives to a flow that stays. It waits no longer than today's
   * times say, from now on; a rest stays as it is. */
  renumber(flow: number, draft: FlowDraft, since: number): void {
    const { layout } = this;
    const { protocol, timers } = draft;
    const { words } = this.slab;
    this.sourceRule[flow] = draft.sourceRule;
    this.destinationRule[flow] = draft.destinationRule;
    this.timerSet[flow] = timers;
    this.#holds.write(flow, draft);
    const idle =
      draft.idle >= 0 ? draft.idle : idleTicks(this.#timers, timers, protocol, ESTABLISHED);
    const state = this.state(flow);
    const never =
      this.#timers[timers * TIMER_WORDS + NEVER_SHORTEN] !== 0 || isResting(layout, words, flow);
    const wait = state === ESTABLISHED ? idle : idleTicks(this.#timers, timers, protocol, state);
    for (let entry = 2 * flow; entry <= 2 * flow + 1; entry++) {
      const at = entry * layout.words;
      words[at + layout.direction] = (entry & 1) === 0 ? draft.direction : draft.replyDirection;
      words[at + layout.idle] = idle;
      const late = ((words[at + layout.deadline]! - since) | 0) > wait;
      if (late && !never) words[at + layout.deadline] = (since + wait) | 0;
    }
  }

  #extend(at: number, since: number, idle: number, set: number): void {
    const { words } = this.slab;
    const { layout } = this;
    const deadline = (since + idle) | 0;
    const never = this.#timers[set * TIMER_WORDS + NEVER_SHORTEN] !== 0;
    if (never && ((words[at + layout.deadline]! - deadline) | 0) > 0) return;
    words[at + layout.deadline] = deadline;
  }

  #start(flow: number, draft: FlowDraft): void {
    const { words } = this.slab;
    const { layout } = this;
    const { protocol, timers, since } = draft;
    const idle = idleTicks(this.#timers, timers, protocol, ONE_WAY);
    const established =
      draft.idle >= 0 ? draft.idle : idleTicks(this.#timers, timers, protocol, ESTABLISHED);
    for (let entry = 2 * flow; entry <= 2 * flow + 1; entry++) {
      const at = entry * layout.words;
      words[at + layout.state] = ONE_WAY;
      words[at + layout.deadline] = (since + idle) | 0;
      words[at + layout.idle] = established;
    }
  }

  /** Whether the flow has been over for `rest` ticks. One that only rests no longer counts for its
   * host and its VPC. */
  isOver(flow: number, tick: number, rest: number): boolean {
    if (this.state(flow) === 0 || this.alive(2 * flow, tick)) return false;
    if (this.#hasRested(flow, tick, rest)) return true;
    this.#holds.leaveHost(flow);
    this.vpcs.leave(flow);
    return false;
  }

  /** Whether the flow, which is over, has been so for `rest` ticks. */
  #hasRested(flow: number, tick: number, rest: number): boolean {
    const { words } = this.slab;
    const resting = isResting(this.layout, words, flow);
    // Flows that hold nothing need no rest, and those that were ended have had theirs set.
    const wait = !this.#holds.hasEndpoint(flow) || resting ? 0 : rest;
    const left = ticksLeft(this.layout, words, flow, tick);
    return rest > 0 ? left <= -wait : resting || left <= 0;
  }

  /** Nobody living may have the key; a flow that only rests makes way. */
  #makeRoom(key: Int32Array, tag: number, tick: number): boolean {
    const entry = this.slab.find(key, 0, tag);
    if (entry < 0) return true;
    if (this.alive(entry, tick)) return false;
    this.remove(entry >> 1);
    return true;
  }
}

const LAST_OPEN = CLOSED - 1;
/** Flows looked at, at most, to make room for a new one. */
const COLLECT_MAX = 64;
