// Packets: between which VPCs, where they ended, and at which interface.

import type { DriverCounters } from "../../drivers/driver.ts";
import type { PairCount } from "../../gateway/gateway.ts";
import type { DropCount, MetricsFacts } from "./facts.ts";
import { counter, type Family, gauge, one, type Sample } from "./family.ts";

function byPair(of: (pair: PairCount) => number): (facts: MetricsFacts) => Sample[] {
  return ({ counts }) =>
    counts.gateway.pairs.map((pair) => ({
      labels: { from: pair.from, to: pair.to },
      value: of(pair),
    }));
}

function byInterface(of: (counters: DriverCounters) => number): (facts: MetricsFacts) => Sample[] {
  return ({ counts }) =>
    [...counts.interfaces].map(([name, counters]) => ({
      labels: { interface: name },
      value: of(counters),
    }));
}

/** In both directions; `reason` is what the driver knows. */
function lost({ counts }: MetricsFacts): Sample[] {
  return [...counts.interfaces].flatMap(([name, each]) => {
    const sample = (direction: string, reason: string, value: number): Sample => ({
      labels: { interface: name, direction, reason },
      value,
    });
    return [
      sample("receive", "overrun", each.receiveDrops),
      sample("receive", "too-long", each.receiveTooLong),
      sample("receive", "malformed", each.receiveErrors),
      sample("transmit", "no-room", each.transmitDrops),
      sample("transmit", "too-long", each.transmitTooLong),
    ];
  });
}

/** What the ledger knows; without one, of each reason how many. */
function dropCounts({ counts, drops }: MetricsFacts): readonly DropCount[] {
  if (drops !== undefined) return drops;
  return [...counts.gateway.dropped].map(([reason, packets]) => ({
    reason,
    from: "",
    to: "",
    interface: "",
    step: "",
    packets,
  }));
}

function drops(facts: MetricsFacts): Sample[] {
  return dropCounts(facts).map(({ packets, reason, from, to, interface: name, step }) => ({
    labels: { reason, from, to, interface: name, step },
    value: packets,
  }));
}

export const TRAFFIC_FAMILIES: readonly Family[] = [
  counter(
    "isthmus_pair_packets_total",
    ["from", "to"],
    "Packets sent from one VPC to another.",
    byPair(({ packets }) => packets),
  ),
  counter(
    "isthmus_pair_bytes_total",
    ["from", "to"],
    "Bytes of those, as IP packets: without the headers of links and tunnels.",
    byPair(({ bytes }) => bytes),
  ),
  counter(
    "isthmus_pair_dropped_packets_total",
    ["from", "to"],
    "Packets dropped after it was known to which VPC they were going.",
    byPair(({ dropped }) => dropped),
  ),
  counter(
    "isthmus_dropped_packets_total",
    ["reason", "from", "to", "interface", "step"],
    "Dropped packets; docs/drops.md explains the reasons. A label is empty where it is not known.",
    drops,
  ),
  counter(
    "isthmus_received_packets_total",
    [],
    "Packets that the gateway has taken from its interfaces.",
    one(({ counts }) => counts.gateway.received),
  ),
  counter(
    "isthmus_sent_packets_total",
    [],
    "Received packets that were sent on.",
    one(({ counts }) => counts.gateway.sent),
  ),
  counter(
    "isthmus_fast_packets_total",
    [],
    "Of the sent packets, those that took the fast path.",
    one(({ counts }) => counts.gateway.fast),
  ),
  counter(
    "isthmus_consumed_packets_total",
    [],
    "Received packets that were for the gateway itself.",
    one(({ counts }) => counts.gateway.consumed),
  ),
  gauge(
    "isthmus_waiting_packets",
    [],
    "Packets that wait, for other fragments or for a neighbor.",
    one(({ counts }) => counts.gateway.waiting),
  ),
  counter(
    "isthmus_answered_packets_total",
    [],
    "ICMP errors that the gateway has sent about dropped packets.",
    one(({ counts }) => counts.gateway.answered),
  ),
  counter(
    "isthmus_further_fragments_total",
    [],
    "Fragments, beyond the first of each, of packets that the gateway has cut.",
    one(({ counts }) => counts.gateway.pieces),
  ),
  counter(
    "isthmus_interface_received_frames_total",
    ["interface"],
    "Frames taken from an interface.",
    byInterface(({ received }) => received),
  ),
  counter(
    "isthmus_interface_transmitted_frames_total",
    ["interface"],
    "Frames handed to an interface.",
    byInterface(({ transmitted }) => transmitted),
  ),
  counter(
    "isthmus_interface_lost_frames_total",
    ["interface", "direction", "reason"],
    "Frames lost between network and gateway. Reason overrun: the ring was full, as nobody took them in time.",
    lost,
  ),
];
