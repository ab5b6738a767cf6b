// The worker's end of the NAT log and of events of flows: moves records from the ring into blocks
// between two turns, a bounded portion at a time, and never more blocks than the main thread has
// room for.

import type { NatLog } from "../../config/model.ts";
import {
  ENDPOINTS,
  FLOWS,
  type FlowEvents,
  NOTHING,
  RECORD_WORDS,
} from "../../tables/flow-events.ts";
import { TICK_MILLIS, tickOf } from "../../tables/flow-timers.ts";
import type { EventBlock } from "./record.ts";

/** 3.4 MB: what 32,768 flows have to say while nobody listens. */
const RING_RECORDS = 32_768;
/** 106 KB. */
const BLOCK_RECORDS = 1024;
/** Fewer are not worth a message before FLUSH_MILLIS have passed. */
const BLOCK_WORTH = 512;
const FLUSH_MILLIS = 100;
/** Blocks that the main thread has not taken yet. */
const BLOCKS_MAX = 16;

export interface FeedTools {
  readonly post: (block: EventBlock) => void;
  /** Blocks that the main thread has taken, in all, modulo 2^32. */
  readonly taken: () => number;
  /** Since 1970, in whole milliseconds, of a moment that is monotonic. */
  readonly wallMillis: (now: number) => number;
}

export class EventFeed {
  readonly #events: FlowEvents;
  readonly #tools: FeedTools;
  readonly #block = new Int32Array(BLOCK_RECORDS * RECORD_WORDS);
  #natLog: NatLog | undefined;
  #watched = false;
  #posted = 0;
  #lost = 0;
  #flushAt = 0;

  constructor(events: FlowEvents, tools: FeedTools) {
    this.#events = events;
    this.#tools = tools;
  }

  /** What a configuration that has been applied wants, at `now` in milliseconds, monotonic. What
   * was recorded before goes to whoever wanted it. */
  follow(natLog: NatLog | undefined, now: number): void {
    this.#natLog = natLog;
    this.#renew(now);
  }

  /** Whether somebody wants to be told of every flow, with its destination, besides the log. */
  watch(wanted: boolean, now: number): void {
    this.#watched = wanted;
    this.#renew(now);
  }

  /** Between two turns; `now` in milliseconds, monotonic, as the turn had it. */
  drain(now: number): void {
    const events = this.#events;
    if (events.count === 0 && events.lost === this.#lost) return;
    if (events.count < BLOCK_WORTH && now < this.#flushAt) return;
    if (((this.#posted - this.#tools.taken()) | 0) >= BLOCKS_MAX) return;
    this.#flushAt = now + FLUSH_MILLIS;
    this.#post(now);
  }

  /** All that there is, whether the main thread has room or not. */
  flush(now: number): void {
    while (this.#events.count > 0 || this.#events.lost !== this.#lost) this.#post(now);
  }

  #renew(now: number): void {
    this.flush(now);
    const natLog = this.#natLog;
    const logged = natLog === undefined ? NOTHING : natLog.what === "flows" ? FLOWS : ENDPOINTS;
    const what = logged | (this.#watched ? FLOWS : NOTHING);
    const destinations = this.#watched || natLog?.destinations === true;
    this.#events.record(what, destinations, RING_RECORDS);
  }

  #post(now: number): void {
    const events = this.#events;
    const count = events.take(this.#block, BLOCK_RECORDS);
    const { lost } = events;
    this.#lost = lost;
    this.#posted++;
    const words = this.#block.slice(0, count * RECORD_WORDS);
    const tick = tickOf(now);
    // When that tick began.
    const millis = this.#tools.wallMillis(now) - (now - tick * TICK_MILLIS);
    this.#tools.post({ words, count, tick, millis, lost });
  }
}
