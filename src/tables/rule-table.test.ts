import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ANSWERS_ONLY,
  CONDITIONAL,
  chooseRule,
  IDENTITY,
  NO_FIT,
  NO_FLOW,
  RESTRICTED,
  RULE_WORDS,
  RuleBuilder,
  type RuleInit,
} from "./rule-table.ts";

const OPEN: RuleInit = {
  next: 0,
  firstPort: -1,
  lastPort: -1,
  protocol: -1,
  direction: 0,
  kind: IDENTITY,
  expose: 0,
  delta: [],
  toVpc: 0,
  sourceRoot: -1,
  acl: -1,
  track: 0,
  idle: -1,
};
const TCP = 6;
const UDP = 17;

test("the chain is tried in order, and protocol and ports decide", () => {
  const builder = new RuleBuilder();
  const open = builder.add(OPEN);
  const web = builder.add({ ...OPEN, next: open, protocol: TCP, firstPort: 80, lastPort: 89 });
  const rules = builder.finish();
  assert.equal(chooseRule(rules, web, TCP, 80), web);
  assert.equal(chooseRule(rules, web, TCP, 89), web);
  assert.equal(chooseRule(rules, web, TCP, 90), open);
  assert.equal(chooseRule(rules, web, UDP, 80), open);
  assert.equal(rules[open * RULE_WORDS + RESTRICTED], 0);
  assert.equal(rules[web * RULE_WORDS + RESTRICTED], CONDITIONAL);
  assert.notEqual(rules[RESTRICTED], 0, "rule 0, for none, is never plain");
});

test("a packet without ports fits only rules without ports", () => {
  const builder = new RuleBuilder();
  const all = builder.add({ ...OPEN, firstPort: 0, lastPort: 65535 });
  assert.equal(chooseRule(builder.finish(), all, 1, -1), NO_FIT);
});

test("a rule for answers only never matches, but gives the reason", () => {
  const builder = new RuleBuilder();
  const open = builder.add(OPEN);
  const pool = builder.add({ ...OPEN, kind: ANSWERS_ONLY });
  const both = builder.add({ ...OPEN, kind: ANSWERS_ONLY, next: open });
  const rules = builder.finish();
  assert.equal(chooseRule(rules, pool, TCP, 80), NO_FLOW);
  assert.equal(chooseRule(rules, both, TCP, 80), open);
  assert.equal(chooseRule(rules, 0, TCP, 80), NO_FIT);
});

test("the table grows as rules are added", () => {
  const builder = new RuleBuilder();
  const last = Array.from({ length: 1000 }, (_, i) => builder.add({ ...OPEN, expose: i })).at(-1)!;
  assert.equal(last, 1000);
  assert.equal(builder.finish().length, 1001 * RULE_WORDS);
});
