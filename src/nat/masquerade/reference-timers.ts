// Times of the gateway this mode is compared with.

import type { TimerSet, Timers } from "../../tables/flow-timers.ts";

const TIMES: TimerSet = { oneWay: 5_000, twoWay: 3_000, established: 120_000, closing: 2_000 };

export const REFERENCE_TIMERS: Timers = {
  tcp: TIMES,
  udp: TIMES,
  icmp: TIMES,
  rest: 120_000,
  refreshUnanswered: false,
  neverShorten: true,
  endWhenClosed: true,
};
