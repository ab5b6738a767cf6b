// What happened between two looks at a gateway, a second each.

import type { ApiFlow, ApiPeering, ApiStats } from "../api-types.ts";

/** One look. */
export interface Sample {
  /** Milliseconds; only differences count. */
  readonly at: number;
  readonly stats: ApiStats;
  readonly peerings: readonly ApiPeering[];
  /** As many as were looked at; `more`: there are others. */
  readonly flows: readonly ApiFlow[];
  readonly more: boolean;
}

/** All a second. */
export interface Rates {
  readonly packets: number;
  readonly bytes: number;
  readonly dropped: number;
}

export interface PeeringRates extends Rates {
  /** "" for VPCs that are not joined any more. */
  readonly peering: string;
  readonly from: string;
  readonly to: string;
}

export interface Talker {
  readonly flow: ApiFlow;
  readonly packets: number;
  readonly bytes: number;
}

export interface Top {
  readonly seconds: number;
  readonly total: Rates;
  readonly flows: number;
  readonly peerings: readonly PeeringRates[];
  /** The busiest flows first. */
  readonly talkers: readonly Talker[];
  /** By reason, the most frequent first. */
  readonly drops: readonly { readonly reason: string; readonly packets: number }[];
  /** How many flows were looked at, and whether there are others. */
  readonly looked: number;
  readonly more: boolean;
}

const TALKERS = 10;

export function compareSamples(before: Sample, now: Sample): Top {
  const seconds = (now.at - before.at) / 1000;
  // A gateway that started anew counts from zero again.
  const restarted = now.stats.received < before.stats.received;
  const rate = (late: number, early = 0) => Math.max(0, late - (restarted ? 0 : early)) / seconds;
  const known = new Map(before.stats.pairs.map((pair) => [`${pair.from} ${pair.to}`, pair]));
  const peerings = now.stats.pairs
    .map(({ from, to, packets, bytes, dropped }) => {
      const old = known.get(`${from} ${to}`);
      return {
        ...{ peering: peeringOf(now.peerings, from, to), from, to },
        packets: rate(packets, old?.packets),
        bytes: rate(bytes, old?.bytes),
        dropped: rate(dropped, old?.dropped),
      };
    })
    .sort((a, b) => b.bytes - a.bytes || b.dropped - a.dropped);
  const drops = Object.entries(now.stats.dropped)
    .map(([reason, count]) => ({ reason, packets: rate(count, before.stats.dropped[reason]) }))
    .filter(({ packets }) => packets > 0)
    .sort((a, b) => b.packets - a.packets);
  return {
    seconds,
    total: {
      packets: rate(now.stats.sent, before.stats.sent),
      bytes: peerings.reduce((sum, { bytes }) => sum + bytes, 0),
      dropped: drops.reduce((sum, { packets }) => sum + packets, 0),
    },
    flows: now.stats.held.flows,
    peerings,
    talkers: talkersOf(before, now, seconds),
    drops,
    looked: now.flows.length,
    more: now.more,
  };
}

/** Two VPCs are joined by one peering at most. */
function peeringOf(peerings: readonly ApiPeering[], from: string, to: string): string {
  const found = peerings.find(({ sides }) => {
    const [a, b] = sides.map(({ vpc }) => vpc);
    return (a === from && b === to) || (a === to && b === from);
  });
  return found?.name ?? "";
}

/** Counters of flows are of 32 bits and begin again. */
const WRAP = 2 ** 32;

function talkersOf(before: Sample, now: Sample, seconds: number): Talker[] {
  const known = new Map(before.flows.map((flow) => [keyOf(flow), flow]));
  const since = (late: readonly number[], early: readonly number[]) =>
    late.reduce((sum, each, way) => sum + ((each - early[way]! + WRAP) % WRAP), 0) / seconds;
  return now.flows
    .flatMap((flow) => {
      const old = known.get(keyOf(flow));
      // Of one that was not looked at before it is not known how much is of the last second.
      if (old === undefined) return [];
      const bytes = since(flow.bytes, old.bytes);
      return bytes > 0 ? [{ flow, packets: since(flow.packets, old.packets), bytes }] : [];
    })
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, TALKERS);
}

function keyOf({ from, original, translated }: ApiFlow): string {
  return `${from} ${original} ${translated}`;
}
