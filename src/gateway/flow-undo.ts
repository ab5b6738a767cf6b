// What packets that were tried out did to flows, undone: those that were made are taken out, those
// that were found or that made way are put back as they were.
//
// All of it is undone in reverse, each packet for itself. So whatever is looked at is as it was
// when it was noted: a flow that one packet made and another ended, an entry that was given to one
// flow after the other.

import { FlowDraft } from "../tables/flow-draft.ts";
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

/** Idle times count from the tick `since`. */
type Remedy = (since: number) => void;

export class FlowUndo {
  readonly #flows: Flows;
  readonly #snapshot: SnapshotHolder;
  /** What mends each thing that was done, in the order in which they were. */
  readonly #remedies: Remedy[] = [];
  /** Whether the flow of the packet is noted. */
  #isNoted = true;
  readonly #today = new FlowDraft();

  constructor(flows: Flows, snapshot: SnapshotHolder) {
    this.#flows = flows;
    this.#snapshot = snapshot;
  }

  /** From now on flows that are given up are kept in mind, with what they hold: it is given back
   * now, as others may get it. */
  begin(): void {
    const { mappings } = this.#flows.nat;
    for (const each of this.#flows.tables) {
      const { sweeper, used } = each;
      const { at } = sweeper;
      // So that those that are looked at next, whether they are over, are the same.
      this.#remedies.push(() => {
        sweeper.at = at;
        each.forgetNumbers(used);
      });
      each.parting = (table, flow) => {
        const before = remember(table, flow);
        const { mapping, receiver } = before.draft;
        const held = [mapping, receiver].filter((each) => each >= 0);
        const pictures = held.map((each) => mappings.picture(each));
        this.#remedies.push((since) => {
          for (const each of pictures) mappings.holdAgain(each);
          this.#bringBack(before, since);
        });
      };
    }
  }

  /** Another packet comes. */
  next(): void {
    this.#isNoted = false;
  }

  /** The packet has a flow, just found or, where `made`, made. Only the first is noted: a packet
   * has one. */
  note(entry: number, v6: boolean, made: boolean): void {
    if (this.#isNoted) return;
    this.#isNoted = true;
    const table = this.#flows.tables[v6 ? 1 : 0];
    const flow = entry >> 1;
    if (made) this.#remedies.push(() => table.remove(flow));
    else {
      const before = remember(table, flow);
      this.#remedies.push((since) => this.#restore(before, since));
    }
  }

  undo(since: number): void {
    for (const table of this.#flows.tables) table.parting = undefined;
    for (const mend of this.#remedies.reverse()) mend(since);
    this.#remedies.length = 0;
    this.#isNoted = true;
  }

  #restore({ table, flow, words, draft, counted }: Before, since: number): void {
    const today = this.#today;
    table.recall(flow, today);
    if (counted && !table.vpcs.counts(flow)) table.vpcs.enter(flow, draft.from);
    if (today.host < 0) this.#countForHost(table, flow, draft, since);
    wordsOf(table, flow).set(words);
  }

  /** Its number is the one that it had: that was given back last. */
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
