// Turns the columns of a packet back into names.

import { HEADROOM } from "../packet/limits.ts";
import { type PacketPool, V6 } from "../packet/packet-pool.ts";
import { verdictName } from "../packet/verdict.ts";
import type { FlowTable } from "../tables/flow-table.ts";
import type { Snapshot } from "../tables/snapshot.ts";
import type { Names } from "./compile.ts";
import { type Decisions, readDecisions } from "./decisions.ts";
import type { PacketOutcome } from "./outcome.ts";

export class OutcomeReader {
  readonly #pool: PacketPool;
  readonly #snapshot: Snapshot;
  readonly #names: Names;
  readonly #tables: readonly [FlowTable, FlowTable];

  constructor(
    pool: PacketPool,
    snapshot: Snapshot,
    names: Names,
    tables: readonly [FlowTable, FlowTable],
  ) {
    this.#tables = tables;
    this.#pool = pool;
    this.#snapshot = snapshot;
    this.#names = names;
  }

  read(row: number): PacketOutcome {
    const pool = this.#pool;
    const { vpcs, directions } = this.#names;
    const l3 = pool.l3[row]!;
    const way = pool.direction[row]!;
    const direction = way < 0 ? undefined : directions[way];
    const vpc = pool.vpc[row]!;
    return {
      verdict: verdictName(pool.verdict[row]!),
      from: vpc < 0 ? undefined : vpcs[vpc],
      to: direction && vpcs[direction.to],
      ...this.#decisions(row),
      frame: this.frame(row),
      offset: l3 < 0 ? -1 : l3 - (row * pool.slotBytes + HEADROOM),
      packet: this.packet(row),
    };
  }

  /** As it stands now, as far as it is within the slot. */
  frame(row: number): Uint8Array {
    const { bytes, slotBytes, start: starts, length: lengths } = this.#pool;
    const start = starts[row]!;
    const slotEnd = (Math.floor(start / slotBytes) + 1) * slotBytes;
    return bytes.subarray(start, Math.min(start + lengths[row]!, slotEnd));
  }

  /** Empty when no IP packet was found. */
  packet(row: number): Uint8Array {
    const { bytes, l3, end } = this.#pool;
    return l3[row]! < 0 ? bytes.subarray(0, 0) : bytes.subarray(l3[row]!, end[row]!);
  }

  /** The rules of the sender's and the receiver's side. */
  #rules(row: number): readonly [number, number] {
    const entry = this.#pool.flow[row]!;
    if (entry < 0) return [this.#pool.sourceRule[row]!, this.#pool.destinationRule[row]!];
    const table = this.#tables[(this.#pool.flags[row]! & V6) !== 0 ? 1 : 0];
    const sides = [table.sourceRule[entry >> 1]!, table.destinationRule[entry >> 1]!] as const;
    return (entry & 1) === 0 ? sides : [sides[1], sides[0]];
  }

  #decisions(row: number): Decisions {
    const [sourceRule, destinationRule] = this.#rules(row);
    const direction = this.#pool.direction[row]!;
    const aclRule = this.#pool.aclRule[row]!;
    const byFlow = this.#pool.flow[row]! >= 0;
    const decided = { direction, sourceRule, destinationRule, aclRule, byFlow };
    return readDecisions(decided, this.#snapshot, this.#names);
  }
}
