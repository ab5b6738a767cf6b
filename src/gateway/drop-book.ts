// The names behind the numbers of the drop ledger. Configurations come and go, and number VPCs and
// rules anew: here a VPC keeps its number as long as the gateway runs, and what decided about a
// sample is looked up before the numbers of that time are forgotten.

import type { NetworkFunction } from "../functions/network-function.ts";
import type { PacketPool } from "../packet/packet-pool.ts";
import { DropLedger, VPC_NUMBER_MAX } from "../pipeline/drop-ledger.ts";
import type { FlowTable } from "../tables/flow-table.ts";
import type { Snapshot } from "../tables/snapshot.ts";
import type { Names } from "./compile.ts";
import { type Decisions, readDecisions } from "./decisions.ts";

/** What stands for the step of packets that were dropped while they were held. */
export const HELD_STEP = "held";

export class DropBook {
  readonly ledger: DropLedger;
  /** By the ledger's number of a step. */
  readonly steps: readonly string[];
  /** By the ledger's number of a VPC; the first is none or unknown. */
  readonly #vpcs: (string | undefined)[] = [undefined];
  readonly #numbers = new Map<string, number>();
  /** By place of a sample. */
  readonly #decisions: Decisions[] = [];

  constructor(
    pool: PacketPool,
    tables: readonly [FlowTable, FlowTable],
    steps: readonly NetworkFunction[],
  ) {
    this.steps = [...steps.map(({ name }) => name), HELD_STEP];
    this.ledger = new DropLedger(pool, { tables, heldStep: steps.length });
  }

  /** From now on the configuration's numbers are those of `after`; `snapshot` and `before` are what
   * counted so far. */
  renumber(snapshot: Snapshot, before: Names, after: Names): void {
    const { samples } = this.ledger;
    for (let place = 0; place < samples.serial.length; place++) {
      if (samples.serial[place] === 0 || samples.named[place] === 1) continue;
      this.#decisions[place] = this.#read(place, snapshot, before);
      samples.named[place] = 1;
    }
    const vpcs = after.vpcs.map((name) => this.#numberOf(name));
    const destinations = after.directions.map(({ to }) => vpcs[to]!);
    this.ledger.renumber(Int32Array.of(0, ...vpcs), Int32Array.from(destinations));
  }

  /** The VPC of that number; undefined for none or unknown. */
  vpc(number: number): string | undefined {
    return this.#vpcs[number];
  }

  /** What decided about the sample at `place`; `snapshot` and `names` are today's. */
  decisions(place: number, snapshot: Snapshot, names: Names): Decisions {
    if (this.ledger.samples.named[place] === 1) return this.#decisions[place]!;
    return this.#read(place, snapshot, names);
  }

  #read(place: number, snapshot: Snapshot, names: Names): Decisions {
    const { samples } = this.ledger;
    return readDecisions(
      {
        direction: samples.direction[place]!,
        sourceRule: samples.sourceRule[place]!,
        destinationRule: samples.destinationRule[place]!,
        aclRule: samples.aclRule[place]!,
        byFlow: samples.byFlow[place] === 1,
      },
      snapshot,
      names,
    );
  }

  /** VPCs that come when all numbers are given are unknown. */
  #numberOf(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    if (this.#vpcs.length > VPC_NUMBER_MAX) return 0;
    const number = this.#vpcs.push(name) - 1;
    this.#numbers.set(name, number);
    return number;
  }
}
