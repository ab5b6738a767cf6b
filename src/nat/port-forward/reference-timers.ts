// Times of the gateway this mode is compared with.

import type { TimerSet, Timers } from "../../tables/flow-timers.ts";

function times(established: number): TimerSet {
  return { oneWay: 10_000, twoWay: 10_000, established, closing: 10_000 };
}

export const REFERENCE_TIMERS: Timers = {
  tcp: times(1_800_000),
  udp: times(30_000),
  icmp: times(10_000),
  rest: 120_000,
  refreshUnanswered: true,
  neverShorten: true,
  endWhenClosed: true,
};
