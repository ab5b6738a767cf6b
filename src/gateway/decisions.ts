// Which lines of a configuration decided about a packet, from the numbers that the data path wrote
// down.

import { BY_DEFAULT, NO_ACL } from "../tables/acl-table.ts";
import { ACL, EXPOSE, RULE_WORDS } from "../tables/rule-table.ts";
import type { Snapshot } from "../tables/snapshot.ts";
import type { Names } from "./compile.ts";
import type { Decision } from "./outcome.ts";

/** As the pool's columns of these names; the rules are those of the flow where there is one. */
export interface DecidedBy {
  readonly direction: number;
  readonly sourceRule: number;
  readonly destinationRule: number;
  readonly aclRule: number;
  readonly byFlow: boolean;
}

export interface Decisions {
  readonly peering?: string | undefined;
  /** The expose of the sender's side. */
  readonly source?: Decision | undefined;
  /** The expose of the receiver's side. */
  readonly destination?: Decision | undefined;
  readonly acl?: Decision | undefined;
}

/** `snapshot` and `names` are of the configuration by which it was decided. */
export function readDecisions(decided: DecidedBy, snapshot: Snapshot, names: Names): Decisions {
  const expose = (rule: number) =>
    rule <= 0 ? undefined : names.exposes[snapshot.rules[rule * RULE_WORDS + EXPOSE]!];
  return {
    peering: names.directions[decided.direction]?.peering,
    source: expose(decided.sourceRule),
    destination: expose(decided.destinationRule),
    acl: readAcl(decided, snapshot, names),
  };
}

function readAcl(decided: DecidedBy, snapshot: Snapshot, names: Names): Decision | undefined {
  const { aclRule, direction, destinationRule, byFlow } = decided;
  if (aclRule === NO_ACL) return undefined;
  if (aclRule !== BY_DEFAULT) return names.aclRules[aclRule];
  const list = byFlow
    ? snapshot.directionAcls[direction]!
    : snapshot.rules[destinationRule * RULE_WORDS + ACL]!;
  return names.acls[list];
}
