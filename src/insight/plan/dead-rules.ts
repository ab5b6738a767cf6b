// Rules of an ACL that are never reached, since the rules before them take all of their packets.
//
// A rule is a few rectangles (source prefix and ports, destination prefix and ports). What earlier
// rules take is cut out of them; a rule of which nothing is left is dead. Ports are asked for only
// together with TCP or UDP, whose packets all have some.

import type { AclRule, Config, Peering } from "../../config/model.ts";
import { entriesOverlap, type PrefixPorts, subtract } from "../../wire/prefix-ports.ts";
import type { Work } from "../work.ts";
import { aclRuleName } from "./names.ts";
import type { DeadRule } from "./report.ts";

interface Rectangle {
  readonly source: PrefixPorts;
  readonly destination: PrefixPorts;
}

/** A rule cut into more is taken for one that can be reached. */
const PIECES_MAX = 256;

/** Rules compared without a pause. */
const PAIRS = 64;

export function* deadRules({ peerings }: Config): Work<DeadRule[]> {
  const result: DeadRule[] = [];
  for (const peering of peerings) {
    yield;
    yield* addDead(peering, result);
  }
  return result;
}

function* addDead({ name, acl }: Peering, result: DeadRule[]): Work<void> {
  let pairs = 0;
  for (const [index, rule] of (acl?.rules ?? []).entries()) {
    const earlier = acl!.rules.slice(0, index).filter(({ from }) => from === rule.from);
    const by = takenBy(rule, earlier);
    if (by) result.push({ rule: aclRuleName(rule), peering: name, by: by.map(aclRuleName) });
    pairs += earlier.length;
    if (pairs < PAIRS) continue;
    pairs = 0;
    yield;
  }
}

/** The rules that together leave nothing of `rule`; undefined when something is left. */
function takenBy(rule: AclRule, earlier: readonly AclRule[]): AclRule[] | undefined {
  const covering = earlier.filter(
    ({ protocol }) => protocol === undefined || protocol === rule.protocol,
  );
  const taking: AclRule[] = [];
  let left = rectangles(rule);
  for (const each of covering) {
    const before = left;
    left = cutAll(left, rectangles(each));
    if (left !== before) taking.push(each);
    if (left.length === 0) return taking;
    if (left.length > PIECES_MAX) return undefined;
  }
  return undefined;
}

function rectangles({ source, destination }: AclRule): Rectangle[] {
  return source.flatMap((from) =>
    destination
      .filter(({ prefix }) => prefix.family === from.prefix.family)
      .map((to) => ({ source: from, destination: to })),
  );
}

/** The same array when nothing was cut. */
function cutAll(whole: Rectangle[], cuts: readonly Rectangle[]): Rectangle[] {
  return cuts.reduce((left, cut) => {
    if (!left.some((each) => overlap(each, cut))) return left;
    return left.flatMap((each) => (overlap(each, cut) ? cutOne(each, cut) : [each]));
  }, whole);
}

function overlap(a: Rectangle, b: Rectangle): boolean {
  return entriesOverlap(a.source, b.source) && entriesOverlap(a.destination, b.destination);
}

/** What is beside the cut by its source; and, of the sources that both have, by its destination. */
function cutOne(whole: Rectangle, cut: Rectangle): Rectangle[] {
  const beside = subtract(whole.source, cut.source);
  const inside = beside.reduce<PrefixPorts[]>(
    (left, each) => left.flatMap((part) => subtract(part, each)),
    [whole.source],
  );
  const rest = subtract(whole.destination, cut.destination);
  return [
    ...beside.map((source) => ({ source, destination: whole.destination })),
    ...inside.flatMap((source) => rest.map((destination) => ({ source, destination }))),
  ];
}
