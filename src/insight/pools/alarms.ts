// Alarms before a pool is empty, or a public address that is its hosts' own; and word when it is
// well again.

import type { Millis } from "../../base/clock.ts";
import { formatIpAddress, readIpAddress } from "../../wire/ip-address.ts";
import { type Level, PoolForecast, type Trend } from "./forecast.ts";
import type { WatchedPool } from "./watched.ts";

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
  /** The public address that the cause is about, which has what follows; undefined: the pool. */
  readonly address: string | undefined;
  readonly taken: number;
  readonly size: number;
  readonly fullInMillis: number | undefined;
}

/** In the order of RULES. */
export const POOL_CAUSES = [
  "80-percent",
  "95-percent",
  "full-soon",
  "address-95-percent",
  "address-full-soon",
] as const;
export type PoolCause = (typeof POOL_CAUSES)[number];

/** How full a pool is, or one of its addresses. */
interface State {
  readonly taken: number;
  readonly size: number;
  readonly fullInMillis: number | undefined;
}

interface AddressState extends State {
  /** Number of its port set. */
  readonly set: number;
  readonly address: string;
}

/** A pool, and of its addresses the fullest and the one that will be full first. */
interface Look {
  readonly pool: State;
  readonly fullest: AddressState | undefined;
  readonly first: AddressState | undefined;
}

interface Rule {
  readonly cause: PoolCause;
  /** It is not begun while that lasts, which says more. */
  readonly unless?: PoolCause;
  /** What it is about; undefined when there is no such thing. */
  readonly of: (look: Look) => State | AddressState | undefined;
  readonly begins: (state: State) => boolean;
  /** Later than it began, or it would be told again and again. */
  readonly ends: (state: State) => boolean;
}

const SOON_MILLIS = 10 * 60_000;
const NO_LONGER_SOON_MILLIS = 15 * 60_000;
/** Of addresses that have less taken it is not told that they are soon full: some hosts more would
 * look like that. */
const ADDRESS_LEAST = 0.5;

const RULES: readonly Rule[] = [
  { cause: "80-percent", of: ({ pool }) => pool, ...fullness(0.8, 0.75) },
  { cause: "95-percent", of: ({ pool }) => pool, ...fullness(0.95, 0.9) },
  {
    cause: "full-soon",
    of: ({ pool }) => pool,
    begins: isWithin(SOON_MILLIS),
    ends: (state) => !isWithin(NO_LONGER_SOON_MILLIS)(state),
  },
  {
    cause: "address-95-percent",
    unless: "95-percent",
    of: ({ fullest }) => fullest,
    ...fullness(0.95, 0.9),
  },
  {
    cause: "address-full-soon",
    unless: "full-soon",
    of: ({ first, fullest }) => first ?? fullest,
    begins: (state) => isHalfFull(state) && isWithin(SOON_MILLIS)(state),
    ends: (state) => !isHalfFull(state) || !isWithin(NO_LONGER_SOON_MILLIS)(state),
  },
];

function isHalfFull({ taken, size }: Pick<State, "taken" | "size">): boolean {
  return taken >= ADDRESS_LEAST * size;
}

function fullness(begins: number, ends: number): Pick<Rule, "begins" | "ends"> {
  return {
    begins: ({ taken, size }) => size > 0 && taken >= begins * size,
    ends: ({ taken, size }) => taken < ends * size,
  };
}

function isWithin(millis: number): (state: State) => boolean {
  return ({ fullInMillis = Number.POSITIVE_INFINITY }) => fullInMillis <= millis;
}

/** Alarms, each with the set of the address that it was told of; undefined: the pool. */
type Lasting = ReadonlyMap<PoolCause, number | undefined>;

/** Watches the pools of one gateway. */
export class PoolAlarms {
  readonly #forecast = new PoolForecast();
  readonly #addresses = new PoolForecast();
  /** By pool: the alarms that last. */
  #lasting: ReadonlyMap<string, Lasting> = new Map();

  /** How a pool has grown during the last minutes; undefined while too little is known. */
  trend(id: string): Trend | undefined {
    return this.#forecast.trend(id);
  }

  /** The same of a public address of the pool, by the number of its port set; undefined also when
   * it was not among those that are watched. */
  addressTrend(id: string, set: number): Trend | undefined {
    return this.#addresses.trend(addressId(id, set));
  }

  /** The alarms that last for a pool. */
  lasting(id: string): readonly PoolCause[] {
    return [...(this.#lasting.get(id)?.keys() ?? [])];
  }

  /** To be told every few seconds; what begins and what ends now. What is gone ends nothing. */
  observe(pools: readonly WatchedPool[], now: Millis): PoolEvent[] {
    this.#forecast.add(pools, now);
    this.#addresses.add(pools.flatMap(addressLevels), now);
    const events: PoolEvent[] = [];
    this.#lasting = new Map(
      pools.map((pool) => {
        const lasting = new Map(this.#lasting.get(pool.id));
        const look = this.#look(pool);
        for (const rule of RULES) {
          const state = rule.of(look);
          const told = lasting.get(rule.cause);
          const kind = change(rule, state, lasting);
          if (state === undefined || kind === undefined) continue;
          // What is over is told of the address that the alarm was about, as long as it is watched.
          const about = kind === "pool-alarm" ? state : (this.#stateOfSet(pool, told) ?? state);
          events.push(eventOf(kind, rule.cause, pool, about));
        }
        return [pool.id, lasting];
      }),
    );
    return events;
  }

  #look(pool: WatchedPool): Look {
    const { id, taken, size, isPaired, addresses, watched } = pool;
    const state = { taken, size, fullInMillis: this.trend(id)?.fullInMillis };
    // Where hosts have no address of their own, a full one keeps nobody from others.
    if (!isPaired || addresses < 2) return { pool: state, fullest: undefined, first: undefined };
    let first = -1;
    let soonest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < watched.sets.length; i++) {
      if (!isHalfFull({ taken: watched.taken[i]!, size: watched.sizes[i]! })) break;
      const { fullInMillis } = this.addressTrend(id, watched.sets[i]!) ?? {};
      if (fullInMillis === undefined || fullInMillis >= soonest) continue;
      first = i;
      soonest = fullInMillis;
    }
    return {
      pool: state,
      fullest: this.#addressState(pool, 0),
      first: this.#addressState(pool, first),
    };
  }

  #stateOfSet(pool: WatchedPool, set = -1): AddressState | undefined {
    return this.#addressState(pool, pool.watched.sets.indexOf(set));
  }

  #addressState({ id, watched }: WatchedPool, index: number): AddressState | undefined {
    const { sets, sizes, taken, bytes } = watched;
    const set = sets[index];
    if (set === undefined) return undefined;
    const width = bytes.length / sets.length;
    const address = readIpAddress(bytes, width * index, width === 4 ? 4 : 6);
    return {
      set,
      address: formatIpAddress(address),
      taken: taken[index]!,
      size: sizes[index]!,
      fullInMillis: this.addressTrend(id, set)?.fullInMillis,
    };
  }
}

function addressId(pool: string, set: number): string {
  return `${pool} ${set}`;
}

function addressLevels({ id, watched: { sets, sizes, taken } }: WatchedPool): Level[] {
  return Array.from(sets, (set, index) => {
    return { id: addressId(id, set), size: sizes[index]!, taken: taken[index]! };
  });
}

/** Whether it begins or ends with the state of now; `lasting` is kept up. */
function change(
  { cause, unless, begins, ends }: Rule,
  state: State | AddressState | undefined,
  lasting: Map<PoolCause, number | undefined>,
): PoolEvent["kind"] | undefined {
  if (state === undefined) {
    lasting.delete(cause);
    return undefined;
  }
  if (lasting.has(cause)) {
    if (!ends(state)) return undefined;
    lasting.delete(cause);
    return "pool-alarm-over";
  }
  if (!begins(state) || (unless !== undefined && lasting.has(unless))) return undefined;
  lasting.set(cause, "set" in state ? state.set : undefined);
  return "pool-alarm";
}

function eventOf(
  kind: PoolEvent["kind"],
  cause: PoolCause,
  { id, vpc, peer, pool, protocol }: WatchedPool,
  state: State | AddressState,
): PoolEvent {
  const { taken, size, fullInMillis } = state;
  const address = "address" in state ? state.address : undefined;
  const percent = Math.floor((100 * taken) / Math.max(1, size));
  const where = address === undefined ? pool : `${address}, one of ${pool},`;
  const said = `${taken} of ${size} ${protocol} ports (${percent} %) of ${where} are taken`;
  const minutes = Math.ceil((fullInMillis ?? 0) / 60_000);
  const more = fullInMillis === undefined ? "" : `; at this rate none is left in ${minutes} min`;
  const sentence = `${vpc} > ${peer}: ${said}${more}`;
  const data = { id, vpc, peer, pool, protocol, address, taken, size };
  return { kind, cause, sentence, ...data, fullInMillis };
}
