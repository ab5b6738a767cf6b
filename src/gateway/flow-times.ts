// The times that a configuration asks for, in place of those that a mode brings.

import type { FlowTimes } from "../config/model.ts";
import type { TimerSet, Timers } from "../tables/flow-timers.ts";

export function withTimes(base: Timers, { tcp, udp, icmp, rest }: FlowTimes): Timers {
  const set = (all: TimerSet, one?: number, two?: number, open?: number, closing?: number) => ({
    oneWay: one ?? all.oneWay,
    twoWay: two ?? all.twoWay,
    established: open ?? all.established,
    closing: closing ?? all.closing,
  });
  return {
    ...base,
    tcp: set(base.tcp, tcp.opening, tcp.opening, tcp.established, tcp.closing),
    udp: set(base.udp, udp.unanswered, udp.established, udp.established, udp.established),
    icmp: set(base.icmp, icmp.query, icmp.query, icmp.query, icmp.query),
    rest: rest ?? base.rest,
  };
}
