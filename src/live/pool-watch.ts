// Looks at the levels of the pools now and then, so that somebody is told before one is empty.

import type { Clock } from "../base/clock.ts";
import { PoolAlarms, type PoolCause } from "../insight/pools/alarms.ts";
import type { Trend } from "../insight/pools/forecast.ts";
import type { WatchedPool } from "../insight/pools/watched.ts";
import type { Log } from "./data-path.ts";
import type { EventHub } from "./events.ts";

export interface PoolWatchTools {
  /** The levels now. Rejects with an Error. */
  readonly levels: () => Promise<readonly WatchedPool[]>;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventHub;
}

export class PoolWatch {
  readonly #tools: PoolWatchTools;
  readonly #alarms = new PoolAlarms();
  #isLooking = false;
  #trouble = "";

  constructor(tools: PoolWatchTools) {
    this.#tools = tools;
  }

  /** How a pool has grown during the last minutes; undefined while too little is known. */
  trend(id: string): Trend | undefined {
    return this.#alarms.trend(id);
  }

  /** The same of a public address of the pool, by the number of its port set; undefined also when
   * it was not among those that are watched. */
  addressTrend(id: string, set: number): Trend | undefined {
    return this.#alarms.addressTrend(id, set);
  }

  /** The alarms that last for a pool. */
  lasting(id: string): readonly PoolCause[] {
    return this.#alarms.lasting(id);
  }

  /** To be called every few seconds; nothing is done while the answer to the last look is awaited.
   * Never rejects. */
  async look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      this.#observe(await this.#tools.levels());
      this.#trouble = "";
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.#trouble) {
        this.#tools.log({ level: "debug", message: `the pools were not looked at: ${message}` });
      }
      this.#trouble = message;
    } finally {
      this.#isLooking = false;
    }
  }

  #observe(levels: readonly WatchedPool[]): void {
    const { clock, log, events } = this.#tools;
    const logged = new Set<string>();
    for (const { kind, sentence, id, ...data } of this.#alarms.observe(levels, clock.now())) {
      events.tell(kind, { sentence, ...data });
      const over = kind === "pool-alarm-over";
      const message = over ? `no longer so full: ${sentence}` : sentence;
      // A pool that fills at once gives several alarms.
      if (logged.has(message)) continue;
      logged.add(message);
      log({ level: over ? "info" : "warn", message, details: data });
    }
  }
}
