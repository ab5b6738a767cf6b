// Data path.
// What the two sides of a flow make of its addresses and ports: each by its rule, independent of
// each other. Also used to ask whether a flow would come out the same today.

import { NO_MAPPING, type RuleApplier, ruleApplier } from "./apply-rule.ts";
import { DESTINATION, type FlowDraft, NEW_DESTINATION, NEW_SOURCE, SOURCE } from "./flow-draft.ts";
import {
  BIND,
  DELTA,
  IDLE,
  KIND,
  needsFlow,
  RECEIVE,
  RESHAPE,
  RULE_WORDS,
  TIMERS,
  TRACK,
} from "./rule-table.ts";
import type { SnapshotHolder } from "./snapshot.ts";

export class HalfBinder {
  readonly #snapshot: SnapshotHolder;
  readonly #noMapping: number;
  #draft: FlowDraft | undefined;
  #apply: RuleApplier | undefined;

  /** `noMapping` is the drop code for a rule that gives no usable address or port. */
  constructor(snapshot: SnapshotHolder, noMapping: number) {
    this.#snapshot = snapshot;
    this.#noMapping = noMapping;
  }

  /** Fills in the new addresses and ports, what is held for them, and timers; a drop code or 0.
   * What is held must be given back in any case. */
  bind(draft: FlowDraft): number {
    draft.mapping = -1;
    draft.receiver = -1;
    draft.host = -1;
    const { rules, binders } = this.#snapshot.current;
    const there = draft.destinationRule * RULE_WORDS;
    const problem =
      rules[there + KIND]! === RECEIVE
        ? binders[rules[there + DELTA]!]!.receive(draft)
        : this.destination(draft);
    if (problem !== 0) return problem;
    this.timers(draft);
    const word = draft.sourceRule * RULE_WORDS;
    if (rules[word + KIND]! !== BIND) return this.source(draft);
    const refused = binders[rules[word + DELTA]!]!.bind(draft);
    if (refused !== 0) return refused;
    if (draft.isQuery) draft.newDestinationPort = draft.newSourcePort;
    return 0;
  }

  /** The new destination by a rule that is no binder; a drop code or 0. */
  destination(draft: FlowDraft): number {
    const port = draft.isQuery ? -1 : draft.destinationPort;
    const made = this.#map(draft, draft.destinationRule, DESTINATION, NEW_DESTINATION, port);
    if (made === NO_MAPPING) return this.#noMapping;
    draft.newDestinationPort = made < 0 ? draft.destinationPort : made;
    return 0;
  }

  /** The new source by a rule that is no binder; a drop code or 0. */
  source(draft: FlowDraft): number {
    const port = draft.isQuery ? -1 : draft.sourcePort;
    const made = this.#map(draft, draft.sourceRule, SOURCE, NEW_SOURCE, port);
    if (made === NO_MAPPING) return this.#noMapping;
    draft.newSourcePort = made < 0 ? draft.sourcePort : made;
    return 0;
  }

  /** Timers of the side that keeps the flow; the source's when both do. */
  timers(draft: FlowDraft): void {
    const { rules } = this.#snapshot.current;
    const source = draft.sourceRule * RULE_WORDS;
    const destination = draft.destinationRule * RULE_WORDS;
    const word = needsFlow(rules, source) ? source : destination;
    draft.timers = Math.max((rules[word + TRACK]! & TIMERS) - 1, 0);
    draft.idle = idleOf(rules, source);
    const other = idleOf(rules, destination);
    if (draft.idle < 0 || (other >= 0 && other < draft.idle)) draft.idle = other;
  }

  #map(draft: FlowDraft, rule: number, from: number, to: number, port: number): number {
    for (let i = 0; i < draft.size; i++) draft.bytes[to + i] = draft.bytes[from + i]!;
    if (this.#apply === undefined || this.#draft !== draft) {
      this.#draft = draft;
      this.#apply = ruleApplier(draft, this.#snapshot);
    }
    return this.#apply(rule, to, draft.v6, port);
  }
}

function idleOf(rules: Int32Array, word: number): number {
  const kind = rules[word + KIND]!;
  return rules[word + TRACK]! !== 0 && (kind === RESHAPE || kind === BIND || kind === RECEIVE)
    ? rules[word + IDLE]!
    : -1;
}
