// Data path.
// What classification finds: for an address, the rules of the exposes that cover it, most specific
// first. A rule is one cache line of words; rules of one place are a chain through NEXT. Rule 0
// means "none".

import { PORT_COUNT } from "../wire/port.ts";

/** Words of a rule. */
export const RULE_WORDS = 16;

/** Bits of what the rule asks for. 0: nothing, the address moves by a distance and that is all. */
export const RESTRICTED = 0;
/** In RESTRICTED: not every packet to the prefix matches: protocol, ports or a flow count. */
export const CONDITIONAL = 1;
/** In RESTRICTED: a flow, an access list or more than a shift. Rule 0 has it too. */
export const ELABORATE = 2;
/** The next rule to try, 0 for the end. */
export const NEXT = 1;
/** Ports the rule applies to; FIRST_PORT is -1 when it applies with and without ports. */
export const FIRST_PORT = 2;
export const LAST_PORT = 3;
/** IP protocol number, -1 for any. */
export const PROTOCOL = 4;
/** Which way across which peering: index into the snapshot's directions. */
export const DIRECTION = 5;
/** One of the kinds below. */
export const KIND = 6;
/** Index into the snapshot's exposes. */
export const EXPOSE = 7;
/** IDENTITY and SHIFT: what to add to the address; IPv4 in the first word, IPv6 in four, highest
 * first. RESHAPE: the first word is the index into the reshape table. */
export const DELTA = 8;
/** Destination rules: the VPC it leads to, and the trie of sources allowed towards it. */
export const TO_VPC = 12;
export const SOURCE_ROOT = 13;
/** Index into the snapshot's ACLs, -1 for none. */
export const ACL = 14;
/** 0: stateless. Otherwise a flow is kept, with the timers of (this & TIMERS) - 1. */
export const TRACK = 15;
/** In TRACK: the translation does without the flow; it is only known so that answers are. */
export const OPTIONAL = 0x100;
export const TIMERS = 0xff;
/** RESHAPE, BIND and RECEIVE: idle ticks of an established flow, -1 for those of the timers. */
export const IDLE = 9;

/** Addresses pass unchanged. */
export const IDENTITY = 0;
/** Every address moves by the same distance; ports stay. */
export const SHIFT = 1;
/** Address and port change together. */
export const RESHAPE = 2;
/** A binder chooses: the first word is its index in the snapshot. */
export const BIND = 3;
/** Only answers to a flow may come here. Never matches; gives the reason when nothing else does. */
export const ANSWERS_ONLY = 4;
/** A binder knows where it goes: the first word is its index in the snapshot. Matches only when
 * nothing else does. */
export const RECEIVE = 5;

/** Outcome of `chooseRule` when no rule of the chain fits. */
export const NO_FIT = 0;
/** The same, and a rule that takes only answers was passed on the way. */
export const NO_FLOW = -1;

/**
 * The first rule of the chain at `rule` that takes a packet of this protocol and port (-1: the
 * packet has no ports); NO_FIT or NO_FLOW when none does.
 */
export function chooseRule(
  rules: Int32Array,
  rule: number,
  protocol: number,
  port: number,
): number {
  let missed = NO_FIT;
  let candidate = rule;
  while (candidate !== 0) {
    const at = candidate * RULE_WORDS;
    if (rules[at + KIND]! === ANSWERS_ONLY) {
      if (missed === NO_FIT) missed = NO_FLOW;
    } else if (rules[at + KIND]! === RECEIVE) {
      if (missed <= 0) missed = candidate;
    } else if (
      (rules[at + PROTOCOL]! < 0 || rules[at + PROTOCOL]! === protocol) &&
      (rules[at + FIRST_PORT]! < 0 ||
        (port >= rules[at + FIRST_PORT]! && port <= rules[at + LAST_PORT]!))
    ) {
      return candidate;
    }
    candidate = rules[at + NEXT]!;
  }
  return missed;
}

/** The next rule of kind RECEIVE in the chain behind `rule`, 0 for none. */
export function nextReceiver(rules: Int32Array, rule: number): number {
  let next = rules[rule * RULE_WORDS + NEXT]!;
  while (next !== 0 && rules[next * RULE_WORDS + KIND]! !== RECEIVE) {
    next = rules[next * RULE_WORDS + NEXT]!;
  }
  return next;
}

/** Whether the rule that starts at `word` cannot translate without a flow. */
export function needsFlow(rules: Int32Array, word: number): boolean {
  const track = rules[word + TRACK]!;
  return track !== 0 && (track & OPTIONAL) === 0;
}

export interface RuleInit {
  readonly next: number;
  readonly firstPort: number;
  readonly lastPort: number;
  readonly protocol: number;
  readonly direction: number;
  readonly kind: number;
  readonly expose: number;
  readonly delta: readonly number[];
  readonly toVpc: number;
  readonly sourceRoot: number;
  readonly acl: number;
  readonly track: number;
  readonly idle: number;
}

/** Collects the rules of one configuration. */
export class RuleBuilder {
  #words = new Int32Array(64 * RULE_WORDS);
  #count = 1;

  constructor() {
    this.#words[RESTRICTED] = ELABORATE;
  }

  /** Returns the rule's number, from 1. */
  add(init: RuleInit): number {
    const rule = this.#count++;
    if (this.#count * RULE_WORDS > this.#words.length) {
      const larger = new Int32Array(this.#words.length * 2);
      larger.set(this.#words);
      this.#words = larger;
    }
    const anyPort = init.firstPort < 0;
    const last = init.kind === ANSWERS_ONLY || init.kind === RECEIVE;
    const open = anyPort && init.protocol < 0 && !last;
    const at = rule * RULE_WORDS;
    const words = this.#words;
    const plain = init.kind <= SHIFT && init.track === 0 && init.acl < 0;
    words[at + RESTRICTED] = (open ? 0 : CONDITIONAL) | (plain ? 0 : ELABORATE);
    words[at + NEXT] = init.next;
    words[at + FIRST_PORT] = init.firstPort;
    words[at + LAST_PORT] = anyPort ? PORT_COUNT - 1 : init.lastPort;
    words[at + PROTOCOL] = init.protocol;
    words[at + DIRECTION] = init.direction;
    words[at + KIND] = init.kind;
    words[at + EXPOSE] = init.expose;
    for (let i = 0; i < init.delta.length; i++) words[at + DELTA + i] = init.delta[i]!;
    words[at + TO_VPC] = init.toVpc;
    words[at + SOURCE_ROOT] = init.sourceRoot;
    words[at + ACL] = init.acl;
    words[at + TRACK] = init.track;
    if (init.kind === RESHAPE || init.kind === BIND || last) words[at + IDLE] = init.idle;
    return rule;
  }

  finish(): Int32Array {
    return this.#words.slice(0, this.#count * RULE_WORDS);
  }
}
