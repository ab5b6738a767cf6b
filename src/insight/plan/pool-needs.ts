// How many public endpoints the flows of today would need of each pool of a new configuration.

import type { Names } from "../../gateway/compile.ts";
import type { EndReason } from "../../gateway/end-reason.ts";
import type { FlowDraft } from "../../tables/flow-draft.ts";
import type { MappingTable } from "../../tables/mapping-table.ts";
import { BIND, DELTA, EXPOSE, KIND, RULE_WORDS } from "../../tables/rule-table.ts";
import type { Snapshot } from "../../tables/snapshot.ts";
import type { PoolNeed } from "./report.ts";

interface Need {
  readonly binder: number;
  readonly expose: number;
  readonly protocol: number;
  kept: number;
  again: number;
}

export class PoolNeeds {
  readonly #snapshot: Snapshot;
  readonly #names: Names;
  readonly #mappings: MappingTable;
  readonly #needs = new Map<number, Need>();
  /** Public endpoints counted so far: many flows of a host may have one together. */
  readonly #counted = new Bits();

  constructor(snapshot: Snapshot, names: Names, mappings: MappingTable) {
    this.#snapshot = snapshot;
    this.#names = names;
    this.#mappings = mappings;
  }

  /** `asked` is what the rules of the snapshot made of the flow. */
  add({ sourceRule, protocol, mapping }: Readonly<FlowDraft>, reason: EndReason | undefined): void {
    const opens = reason === "other-source" || reason === "other-destination";
    if (reason !== undefined && !opens) return;
    const { rules } = this.#snapshot;
    const word = sourceRule * RULE_WORDS;
    if (rules[word + KIND] !== BIND) return;
    const binder = rules[word + DELTA]!;
    const need = this.#need(binder, rules[word + EXPOSE]!, protocol);
    const held = mapping >= 0 && !this.#mappings.isShared(mapping);
    if ((held || reason === undefined) && !this.#counted.add(mapping)) return;
    if (reason === undefined) need.kept++;
    else need.again++;
  }

  report(): PoolNeed[] {
    const { binders } = this.#snapshot;
    const needs = Array.from(
      this.#needs.values(),
      ({ binder, expose, protocol, kept, again }): PoolNeed => {
        const capacity = binders[binder]!.size(protocol);
        const missing = Math.max(0, kept + again - capacity);
        return { expose: this.#names.exposes[expose]!, protocol, kept, again, capacity, missing };
      },
    );
    const fill = ({ kept, again, capacity }: PoolNeed) => (kept + again) / Math.max(1, capacity);
    return needs.sort((a, b) => fill(b) - fill(a));
  }

  #need(binder: number, expose: number, protocol: number): Need {
    const key = binder * 256 + protocol;
    const known = this.#needs.get(key);
    if (known) return known;
    const need = { binder, expose, protocol, kept: 0, again: 0 };
    this.#needs.set(key, need);
    return need;
  }
}

/** A set of small numbers. */
class Bits {
  #words = new Int32Array(1024);

  /** Whether the number was not in it yet. */
  add(number: number): boolean {
    const word = number >>> 5;
    if (word >= this.#words.length) {
      const larger = new Int32Array(Math.max(word + 1, 2 * this.#words.length));
      larger.set(this.#words);
      this.#words = larger;
    }
    const bit = 1 << (number & 31);
    if ((this.#words[word]! & bit) !== 0) return false;
    this.#words[word] = this.#words[word]! | bit;
    return true;
  }
}
