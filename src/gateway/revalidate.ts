// A new configuration and the flows that are there: a flow stays exactly when it would come out the
// same today. Everything is asked again: both exposes, both halves, the ACL.

import { DROP } from "../packet/verdict.ts";
import { BY_DEFAULT, evaluateAcl } from "../tables/acl-table.ts";
import {
  DESTINATION,
  FlowDraft,
  NEW_DESTINATION,
  NEW_SOURCE,
  SOURCE,
} from "../tables/flow-draft.ts";
import type { FlowTable } from "../tables/flow-table.ts";
import { HalfBinder } from "../tables/half-binder.ts";
import { lookup } from "../tables/prefix-table.ts";
import {
  ACL,
  BIND,
  chooseRule,
  DELTA,
  DIRECTION,
  KIND,
  nextReceiver,
  RECEIVE,
  RULE_WORDS,
  SOURCE_ROOT,
  TO_VPC,
  TRACK,
} from "../tables/rule-table.ts";
import { ACL_WORDS, type Snapshot } from "../tables/snapshot.ts";
import { vpcOfVni } from "../tables/vni-table.ts";
import type { EndReason } from "./end-reason.ts";

export class Revalidator {
  readonly #snapshot: Snapshot;
  readonly #halves: HalfBinder;
  readonly #old = new FlowDraft();
  readonly #fresh = new FlowDraft();

  /** The snapshot need not be in force. */
  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
    this.#halves = new HalfBinder({ current: snapshot }, DROP["no-mapping"].code);
  }

  /** Undefined: the flow stays, from now on with the numbers of the snapshot. Idle times count from
   * the tick `since`. */
  check(table: FlowTable, flow: number, since: number): EndReason | undefined {
    const reason = this.ask(table, flow);
    if (reason !== undefined) return reason;
    this.#adopt(this.#fresh);
    table.renumber(flow, this.#fresh, since);
    return undefined;
  }

  /** The same of a flow that is over: whether what it holds goes on resting. */
  keepsRest(table: FlowTable, flow: number, since: number): boolean {
    if (this.ask(table, flow) !== undefined) return false;
    table.renumber(flow, this.#fresh, since);
    return true;
  }

  /** Undefined: the flow would stay. Changes nothing. */
  ask(table: FlowTable, flow: number): EndReason | undefined {
    table.recall(flow, this.#old);
    table.recall(flow, this.#fresh);
    const reason = this.#classify(this.#fresh) ?? this.#translate(this.#fresh);
    if (reason === undefined) this.#halves.timers(this.#fresh);
    return reason;
  }

  /** What the rules of the snapshot made of the flow asked about last, as far as they got. Valid
   * until the next is. */
  get asked(): Readonly<FlowDraft> {
    return this.#fresh;
  }

  #classify(draft: FlowDraft): EndReason | undefined {
    const { cells, rules, destinationRoots, vpcVnis, vnis } = this.#snapshot;
    const from = vpcOfVni(vnis, draft.from);
    if (from < 0) return "vpc-gone";
    const query = draft.isQuery;
    const { bytes, protocol } = draft;
    const root = destinationRoots[from * 2 + (draft.v6 ? 1 : 0)]!;
    const there = lookup(cells, root, bytes, DESTINATION);
    const chosen = chooseRule(rules, there, protocol, query ? -1 : draft.destinationPort);
    const rule = chosen > 0 ? this.#receiverTo(chosen, draft.to) : chosen;
    if (rule <= 0) return "destination-not-exposed";
    const word = rule * RULE_WORDS;
    if (vpcVnis[rules[word + TO_VPC]!] !== draft.to) return "other-peer";
    const here = lookup(cells, rules[word + SOURCE_ROOT]!, bytes, SOURCE);
    const source = chooseRule(rules, here, protocol, query ? -1 : draft.sourcePort);
    if (source <= 0) return "source-not-exposed";
    if (rules[word + TRACK] === 0 && rules[source * RULE_WORDS + TRACK] === 0) {
      return "stateless-now";
    }
    draft.direction = rules[word + DIRECTION]!;
    draft.replyDirection = draft.direction ^ 1;
    draft.destinationRule = rule;
    draft.sourceRule = source;
    return this.#denied(draft, rules[word + ACL]!) ? "acl-denied" : undefined;
  }

  /** Where several VPCs receive at one public address, the rule of the one the flow goes to. */
  #receiverTo(first: number, to: number): number {
    const { rules, vpcVnis } = this.#snapshot;
    if (rules[first * RULE_WORDS + KIND] !== RECEIVE) return first;
    let rule = first;
    while (rule !== 0 && vpcVnis[rules[rule * RULE_WORDS + TO_VPC]!] !== to) {
      rule = nextReceiver(rules, rule);
    }
    return rule === 0 ? first : rule;
  }

  #denied(draft: FlowDraft, list: number): boolean {
    if (list < 0) return false;
    const { acls, aclEntries, aclDenies } = this.#snapshot;
    const at = list * ACL_WORDS;
    const query = draft.isQuery;
    const rule = evaluateAcl(
      aclEntries,
      acls[at]!,
      acls[at + 1]!,
      draft.v6 ? 6 : 4,
      draft.view,
      SOURCE,
      DESTINATION,
      draft.protocol,
      query ? -1 : draft.sourcePort,
      query ? -1 : draft.destinationPort,
    );
    return (rule === BY_DEFAULT ? acls[at + 2]! : aclDenies[rule]!) !== 0;
  }

  #translate(fresh: FlowDraft): EndReason | undefined {
    const old = this.#old;
    const { rules, binders } = this.#snapshot;
    if (!this.#sameDestination(fresh)) return "other-destination";
    const word = fresh.sourceRule * RULE_WORDS;
    if (rules[word + KIND] === BIND) {
      const binder = binders[rules[word + DELTA]!]!;
      return old.mapping >= 0 && binder.keeps(old) ? undefined : "other-source";
    }
    const source = this.#halves.source(fresh);
    const kept = source === 0 && same(old, fresh, NEW_SOURCE);
    return kept && fresh.newSourcePort === old.newSourcePort ? undefined : "other-source";
  }

  #sameDestination(fresh: FlowDraft): boolean {
    const old = this.#old;
    const { rules, binders } = this.#snapshot;
    const word = fresh.destinationRule * RULE_WORDS;
    if (rules[word + KIND] === RECEIVE) {
      return old.receiver >= 0 && binders[rules[word + DELTA]!]!.keepsReceived(old);
    }
    if (old.receiver >= 0 || this.#halves.destination(fresh) !== 0) return false;
    if (!same(old, fresh, NEW_DESTINATION)) return false;
    return fresh.isQuery || fresh.newDestinationPort === old.newDestinationPort;
  }

  #adopt(fresh: FlowDraft): void {
    const { rules, binders } = this.#snapshot;
    const word = fresh.sourceRule * RULE_WORDS;
    if (rules[word + KIND] === BIND) binders[rules[word + DELTA]!]!.adopt(fresh);
  }
}

function same(a: FlowDraft, b: FlowDraft, at: number): boolean {
  for (let i = at; i < at + a.size; i++) if (a.bytes[i] !== b.bytes[i]) return false;
  return true;
}
