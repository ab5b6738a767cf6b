// What passed between VPCs, over all configurations so far: directions come and go, pairs of names
// stay.

import type { DirectionCounts } from "../tables/direction-counters.ts";
import type { Names } from "./compile.ts";

export interface PairCount {
  readonly from: string;
  readonly to: string;
  readonly packets: number;
  /** Of IP packets, without link and tunnel headers. */
  readonly bytes: number;
  readonly dropped: number;
  /** That were opened that way. */
  readonly flows: number;
}

type Totals = Map<string, PairCount>;

export class PairTotals {
  #totals: Totals = new Map();

  /** Keeps what a configuration counted before its counters go. */
  add(names: Names, counts: DirectionCounts): void {
    this.#totals = sum(this.#totals, names, counts);
  }

  clear(): void {
    this.#totals = new Map();
  }

  /** All pairs that occurred, in the order of names, with the running counts added. */
  with(names: Names, counts: DirectionCounts): readonly PairCount[] {
    const all = [...sum(this.#totals, names, counts).values()];
    return all.sort((a, b) => (a.from + a.to < b.from + b.to ? -1 : 1));
  }
}

function sum(totals: Totals, names: Names, counts: DirectionCounts): Totals {
  const result: Totals = new Map(totals);
  for (const [index, { from, to }] of names.directions.entries()) {
    const packets = counts.packets[index]!;
    const dropped = counts.dropped[index]!;
    if (packets === 0 && dropped === 0) continue;
    const pair = { from: names.vpcs[from]!, to: names.vpcs[to]! };
    const key = JSON.stringify(pair);
    const before = result.get(key) ?? { packets: 0, bytes: 0, dropped: 0, flows: 0 };
    result.set(key, {
      ...pair,
      packets: before.packets + packets,
      bytes: before.bytes + counts.bytes[index]!,
      dropped: before.dropped + dropped,
      flows: before.flows + counts.flows[index]!,
    });
  }
  return result;
}
