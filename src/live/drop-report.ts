// All that did not arrive: what the gateway dropped, and what was lost before it came in or after
// it was to go out, at the drivers of the interfaces.

import type { DriverCounters } from "../drivers/driver.ts";
import type { DropReport } from "../insight/drops/report.ts";

/** Names are stable, like those of drop reasons. */
const DRIVER_LOSSES = {
  receiveDrops: {
    reason: "receive-overrun",
    sentence: "Frames came faster than they were taken.",
    advice: "Give the gateway a core of its own, or spread the traffic; short bursts do no harm.",
  },
  receiveTooLong: {
    reason: "receive-too-long",
    sentence: "The frame is longer than a packet slot.",
    advice: "Lower the MTU of the interface, or what its peer puts together (GRO, TSO).",
  },
  receiveErrors: {
    reason: "receive-malformed",
    sentence: "The headers of the frame are not what its sender claims.",
    advice: "Look at the sender: a network card or virtual machine hands over broken frames.",
  },
  transmitDrops: {
    reason: "transmit-overrun",
    sentence: "The interface took no more frames, or is down.",
    advice: "Look whether the interface is up, and as fast as what is to leave by it.",
  },
  transmitTooLong: {
    reason: "transmit-too-long",
    sentence: "The frame is longer than the interface takes.",
    advice:
      "Say the MTU of the VPC or the underlay in the configuration, or raise that of the interface.",
  },
} as const satisfies Partial<Record<keyof DriverCounters, object>>;

type Loss = (typeof DRIVER_LOSSES)[keyof typeof DRIVER_LOSSES];

export interface DriverDrop {
  readonly interface: string;
  readonly reason: Loss["reason"];
  readonly sentence: string;
  readonly advice: string;
  /** Frames. Those that were lost on their way out are "sent" to the gateway. */
  readonly count: number;
}

export interface LiveDropReport extends DropReport {
  /** Only what occurred; the most first. */
  readonly drivers: readonly DriverDrop[];
  /** Frames, of all interfaces. */
  readonly lostByDrivers: number;
}

/** `interfaces` by name. */
export function dropReport(
  dropped: DropReport,
  interfaces: ReadonlyMap<string, DriverCounters>,
): LiveDropReport {
  const drivers = [...interfaces]
    .flatMap(([name, counters]) => lossesOf(name, counters))
    .sort((a, b) => b.count - a.count);
  const lostByDrivers = drivers.reduce((sum, { count }) => sum + count, 0);
  return { ...dropped, drivers, lostByDrivers };
}

function lossesOf(name: string, counters: DriverCounters): DriverDrop[] {
  const kinds = Object.keys(DRIVER_LOSSES) as (keyof typeof DRIVER_LOSSES)[];
  return kinds
    .map((kind) => ({ interface: name, ...DRIVER_LOSSES[kind], count: counters[kind] }))
    .filter(({ count }) => count > 0);
}
