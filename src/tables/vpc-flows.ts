// Data path.
// How many flows the hosts of each VPC hold open, where the configuration limits them: so one VPC
// cannot take the table from the others. A flow counts for the VPC that opened it, until it ends;
// one that only rests does not count. Without a limit nothing is counted, and no memory touched.

import type { Arena } from "../base/arena.ts";
import { buildVniTable, vpcOfVni } from "./vni-table.ts";

/** Shared by the tables of both address families. */
export class VpcLimits {
  /** Whether any VPC has a limit. */
  limited = false;
  #vnis: Int32Array = buildVniTable([]);
  /** By VPC index; 0: no limit. */
  #limits: Int32Array = new Int32Array(0);
  #held = new Int32Array(0);

  /** Those of a new configuration, with nothing counted yet. */
  set(vnis: Int32Array, limits: Int32Array): void {
    this.#vnis = vnis;
    this.#limits = limits;
    this.#held = new Int32Array(limits.length);
    this.limited = false;
    for (let i = 0; i < limits.length; i++) if (limits[i]! > 0) this.limited = true;
  }

  /** Whether hosts of the VPC hold as many flows as they may. */
  isFull(vni: number): boolean {
    if (!this.limited) return false;
    const vpc = vpcOfVni(this.#vnis, vni);
    return vpc >= 0 && this.#limits[vpc]! > 0 && this.#held[vpc]! >= this.#limits[vpc]!;
  }

  /** Flows that hosts of the VPC with that index hold; 0 where nothing is counted. */
  held(vpc: number): number {
    return this.limited ? this.#held[vpc]! : 0;
  }

  add(vni: number, flows: number): void {
    const vpc = vpcOfVni(this.#vnis, vni);
    if (vpc >= 0) this.#held[vpc] = this.#held[vpc]! + flows;
  }
}

/** Of one table: which flows count, and for whom. */
export class VpcFlows {
  static readonly bytesPerFlow = 4;
  readonly #limits: VpcLimits;
  /** By flow: the VNI it counts for, 0 for none. */
  readonly #vnis: Int32Array;

  constructor(capacity: number, arena: Arena, limits: VpcLimits) {
    this.#limits = limits;
    this.#vnis = arena.int32(capacity);
  }

  enter(flow: number, vni: number): void {
    if (!this.#limits.limited) return;
    this.#vnis[flow] = vni;
    this.#limits.add(vni, 1);
  }

  /** The flow has ended; a second time makes no difference. */
  leave(flow: number): void {
    if (!this.#limits.limited || this.#vnis[flow]! === 0) return;
    this.#limits.add(this.#vnis[flow]!, -1);
    this.#vnis[flow] = 0;
  }

  /** Whether the flow counts for a VPC. */
  counts(flow: number): boolean {
    return this.#limits.limited && this.#vnis[flow]! !== 0;
  }

  /** For a new configuration: what the old one counted means nothing. */
  clear(): void {
    if (this.#limits.limited) this.#vnis.fill(0);
  }
}
