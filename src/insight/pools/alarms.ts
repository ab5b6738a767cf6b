// Alarms before a pool is empty, and word when it is well again.

import type { Millis } from "../../base/clock.ts";
import { PoolForecast, type Trend } from "./forecast.ts";
import type { PoolLevel } from "./levels.ts";

export interface PoolEvent {
  readonly kind: "pool-alarm" | "pool-alarm-over";
  /** Why it is told: as full as that, or full within the time; of "pool-alarm-over" what is over.
   */
  readonly cause: PoolCause;
  readonly sentence: string;
  readonly id: string;
  readonly vpc: string;
  readonly peer: string;
  readonly pool: string;
  readonly protocol: string;
  readonly taken: number;
  readonly size: number;
  readonly fullInMillis: number | undefined;
}

/** In the order of RULES. */
export const POOL_CAUSES = ["80-percent", "95-percent", "full-soon"] as const;
export type PoolCause = (typeof POOL_CAUSES)[number];

interface Rule {
  readonly cause: PoolCause;
  readonly begins: (level: PoolLevel, trend: Trend | undefined) => boolean;
  /** Later than it began, or it would be told again and again. */
  readonly ends: (level: PoolLevel, trend: Trend | undefined) => boolean;
}

const SOON_MILLIS = 10 * 60_000;
const NO_LONGER_SOON_MILLIS = 15 * 60_000;

const RULES: readonly Rule[] = [
  fullness("80-percent", 0.8, 0.75),
  fullness("95-percent", 0.95, 0.9),
  {
    cause: "full-soon",
    begins: (_level, trend) => (trend?.fullInMillis ?? Number.POSITIVE_INFINITY) < SOON_MILLIS,
    ends: (_level, trend) =>
      (trend?.fullInMillis ?? Number.POSITIVE_INFINITY) > NO_LONGER_SOON_MILLIS,
  },
];

function fullness(cause: PoolCause, begins: number, ends: number): Rule {
  return {
    cause,
    begins: ({ taken, size }) => size > 0 && taken >= begins * size,
    ends: ({ taken, size }) => taken < ends * size,
  };
}

/** Watches the pools of one gateway. */
export class PoolAlarms {
  readonly #forecast = new PoolForecast();
  /** By pool: the alarms that last. */
  #lasting: ReadonlyMap<string, ReadonlySet<PoolCause>> = new Map();

  /** How a pool has grown during the last minutes; undefined while too little is known. */
  trend(id: string): Trend | undefined {
    return this.#forecast.trend(id);
  }

  /** The alarms that last for a pool. */
  lasting(id: string): readonly PoolCause[] {
    return [...(this.#lasting.get(id) ?? [])];
  }

  /** To be told every few seconds; what begins and what ends now. What is gone ends nothing. */
  observe(levels: readonly PoolLevel[], now: Millis): PoolEvent[] {
    this.#forecast.add(levels, now);
    const events: PoolEvent[] = [];
    this.#lasting = new Map(
      levels.map((level) => {
        const trend = this.#forecast.trend(level.id);
        const lasting = new Set(this.#lasting.get(level.id));
        for (const { cause, begins, ends } of RULES) {
          if (!lasting.has(cause) && begins(level, trend)) {
            lasting.add(cause);
            events.push(eventOf("pool-alarm", cause, level, trend));
          } else if (lasting.has(cause) && ends(level, trend)) {
            lasting.delete(cause);
            events.push(eventOf("pool-alarm-over", cause, level, trend));
          }
        }
        return [level.id, lasting];
      }),
    );
    return events;
  }
}

function eventOf(
  kind: PoolEvent["kind"],
  cause: PoolCause,
  { id, vpc, peer, pool, protocol, taken, size }: PoolLevel,
  trend: Trend | undefined,
): PoolEvent {
  const fullInMillis = trend?.fullInMillis;
  const percent = Math.floor((100 * taken) / Math.max(1, size));
  const state = `${taken} of ${size} ${protocol} ports (${percent} %) of ${pool} are taken`;
  const minutes = Math.ceil((fullInMillis ?? 0) / 60_000);
  const more = fullInMillis === undefined ? "" : `; at this rate none is left in ${minutes} min`;
  const sentence = `${vpc} > ${peer}: ${state}${more}`;
  const level = { id, vpc, peer, pool, protocol, taken, size };
  return { kind, cause, sentence, ...level, fullInMillis };
}
