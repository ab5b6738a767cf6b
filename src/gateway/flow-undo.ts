// The flow that a packet was tried out with, and those that made way for it, put back as they were.

import { FlowDraft } from "../tables/flow-draft.ts";
import { RESTING } from "../tables/flow-layout.ts";
import type { FlowTable } from "../tables/flow-table.ts";
import { BIND, DELTA, KIND, RULE_WORDS } from "../tables/rule-table.ts";
import type { SnapshotHolder } from "../tables/snapshot.ts";
import type { Flows } from "./flows.ts";

/** What a flow was before. */
interface Before {
  readonly table: FlowTable;
  readonly flow: number;
  /** Both entries. */
  readonly words: Int32Array;
  /** All that is needed to make it anew. */
  readonly draft: FlowDraft;
  /** Whether it counted for its VPC. */
  readonly counted: boolean;
  readonly born: number;
}

export class FlowUndo {
  readonly #flows: Flows;
  readonly #snapshot: SnapshotHolder;
  #made: { readonly table: FlowTable; readonly flow: number } | undefined;
  #touched: Before | undefined;
  /** Flows that were over, and were given up. */
  readonly #parted: Before[] = [];

  constructor(flows: Flows, snapshot: SnapshotHolder) {
    this.#flows = flows;
    this.#snapshot = snapshot;
  }

  /** From now on flows that are given up are kept in mind. What they hold is held once more, so
   * that it is there when they come back. */
  begin(): void {
    const { mappings } = this.#flows.nat;
    for (const each of this.#flows.tables) {
      each.parting = (table, flow) => {
        const before = remember(table, flow);
        const { mapping, receiver } = before.draft;
        for (const held of [mapping, receiver]) if (held >= 0) mappings.hold(held);
        this.#parted.push(before);
      };
    }
  }

  /** The packet has a flow, just found or, where `made`, made. Only the first is noted: a packet
   * has one. */
  note(entry: number, v6: boolean, made: boolean): void {
    if (this.#made !== undefined || this.#touched !== undefined) return;
    const table = this.#flows.tables[v6 ? 1 : 0];
    if (made) this.#made = { table, flow: entry >> 1 };
    else this.#touched = remember(table, entry >> 1);
  }

  /** Idle times count from the tick `since`. */
  undo(since: number): void {
    for (const table of this.#flows.tables) table.parting = undefined;
    if (this.#made) this.#made.table.remove(this.#made.flow);
    if (this.#touched) this.#restore(this.#touched, since);
    for (const before of this.#parted.reverse()) this.#bringBack(before, since);
    this.#made = undefined;
    this.#touched = undefined;
    this.#parted.length = 0;
  }

  #restore({ table, flow, words, draft, counted }: Before, since: number): void {
    const now = wordsOf(table, flow);
    const { state } = table.layout;
    const ended = (now[state]! & RESTING) !== 0 && (words[state]! & RESTING) === 0;
    if (ended && counted) table.vpcs.enter(flow, draft.from);
    if (ended) this.#countForHost(table, flow, draft, since);
    now.set(words);
  }

  #bringBack({ table, words, draft, counted, born }: Before, since: number): void {
    const { host } = draft;
    draft.host = -1;
    draft.since = since;
    const again = table.insert(draft);
    table.born[again] = born;
    if (!counted) table.vpcs.leave(again);
    draft.host = host;
    this.#countForHost(table, again, draft, since);
    wordsOf(table, again).set(words);
  }

  /** What stands in the entries is put right behind. */
  #countForHost(table: FlowTable, flow: number, draft: FlowDraft, since: number): void {
    if (draft.host < 0) return;
    draft.host = -1;
    const { rules, binders } = this.#snapshot.current;
    const word = draft.sourceRule * RULE_WORDS;
    if (rules[word + KIND] === BIND) binders[rules[word + DELTA]!]!.adopt(draft);
    table.renumber(flow, draft, since);
  }
}

function remember(table: FlowTable, flow: number): Before {
  const draft = new FlowDraft();
  const words = wordsOf(table, flow).slice();
  const { layout } = table;
  table.recall(flow, draft);
  draft.sourceRule = table.sourceRule[flow]!;
  draft.destinationRule = table.destinationRule[flow]!;
  draft.timers = table.timerSet[flow]!;
  draft.idle = words[layout.idle]!;
  draft.direction = words[layout.direction]!;
  draft.replyDirection = words[layout.words + layout.direction]!;
  const born = table.born[flow]!;
  return { table, flow, words, draft, born, counted: table.vpcs.counts(flow) };
}

function wordsOf({ slab, layout }: FlowTable, flow: number): Int32Array {
  return slab.words.subarray(2 * flow * layout.words, (2 * flow + 2) * layout.words);
}
