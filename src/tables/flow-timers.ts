// How long a flow may be idle in which state, as a table for the data path.
//
// TCP: RFC 5382 (REQ-5). UDP: RFC 4787 (REQ-5, REQ-6). ICMP queries: RFC 5508 (REQ-2).

import { ESTABLISHED, ONE_WAY, STATES, TWO_WAY } from "./flow-state.ts";

/** Time in the data path: tenths of a second, modulo 2^32, compared by difference. */
export const TICK_MILLIS = 100;

/** The tick in which `now` (milliseconds) lies: what was to end by then is over. */
export function tickOf(now: number): number {
  return Math.floor(now / TICK_MILLIS) | 0;
}

/** The first tick that is not before `now`. Idle times count from there, so that none is shorter
 * than it should be, by however little. */
export function tickFrom(now: number): number {
  return Math.ceil(now / TICK_MILLIS) | 0;
}

/** Idle times in milliseconds. */
export interface Timers {
  readonly tcp: TimerSet;
  readonly udp: TimerSet;
  readonly icmp: TimerSet;
  /** How long what an ended flow held is kept from others (RFC 6888, REQ-8). */
  readonly rest: number;
  /** Whether packets from the side that opened it keep an unanswered flow alive. */
  readonly refreshUnanswered: boolean;
  /** Whether a state with a shorter time leaves the time that is left as it is. */
  readonly neverShorten: boolean;
  /** Whether a flow that is closed or reset is over at once. */
  readonly endWhenClosed: boolean;
}

export interface TimerSet {
  readonly oneWay: number;
  readonly twoWay: number;
  readonly established: number;
  readonly closing: number;
}

const SECOND = 1000;

export const RFC_TIMERS: Timers = {
  tcp: {
    oneWay: 240 * SECOND,
    twoWay: 240 * SECOND,
    established: 7440 * SECOND,
    closing: 240 * SECOND,
  },
  udp: {
    oneWay: 120 * SECOND,
    twoWay: 300 * SECOND,
    established: 300 * SECOND,
    closing: 300 * SECOND,
  },
  icmp: {
    oneWay: 60 * SECOND,
    twoWay: 60 * SECOND,
    established: 60 * SECOND,
    closing: 60 * SECOND,
  },
  rest: 120 * SECOND,
  refreshUnanswered: true,
  neverShorten: false,
  endWhenClosed: false,
};

// Words of a compiled timer set: idle ticks by kind of protocol and state, then the switches.
export const KIND_WORDS = 16;
export const REFRESH_UNANSWERED = 48;
export const NEVER_SHORTEN = 49;
export const END_WHEN_CLOSED = 50;
export const REST = 51;
export const TIMER_WORDS = 64;

export function ticks(millis: number): number {
  return Math.min(Math.ceil(millis / TICK_MILLIS), 0x3fffffff);
}

/** One after the other, TIMER_WORDS each. */
export function compileTimers(all: readonly Timers[]): Int32Array {
  const result = new Int32Array(all.length * TIMER_WORDS);
  for (const [number, timers] of all.entries()) {
    const at = number * TIMER_WORDS;
    for (const [kind, set] of [timers.tcp, timers.udp, timers.icmp].entries()) {
      const base = at + kind * KIND_WORDS;
      result.fill(ticks(set.closing), base, base + STATES);
      result[base + ONE_WAY] = ticks(set.oneWay);
      result[base + TWO_WAY] = ticks(set.twoWay);
      result[base + ESTABLISHED] = ticks(set.established);
    }
    result[at + REFRESH_UNANSWERED] = timers.refreshUnanswered ? 1 : 0;
    result[at + NEVER_SHORTEN] = timers.neverShorten ? 1 : 0;
    result[at + END_WHEN_CLOSED] = timers.endWhenClosed ? 1 : 0;
    result[at + REST] = ticks(timers.rest);
  }
  return result;
}

const TCP = 6;
const UDP = 17;

/** Idle ticks of a flow of IP protocol `protocol` in `state`, by timer set `set`. */
export function idleTicks(
  timers: Int32Array,
  set: number,
  protocol: number,
  state: number,
): number {
  const kind = protocol === TCP ? 0 : protocol === UDP ? 1 : 2;
  return timers[set * TIMER_WORDS + kind * KIND_WORDS + state]!;
}
