// What the fast path must know of a direction to send a packet: everything, or that it must not.

import { TUNNELLED_MAX } from "../tables/adjacency-table.ts";
import {
  ACL_WORDS,
  SHORTCUT_ADJACENCY,
  SHORTCUT_FROM,
  SHORTCUT_MTU,
  SHORTCUT_TO,
  SHORTCUT_WORDS,
  type Snapshot,
} from "../tables/snapshot.ts";
import type { Direction } from "./compile.ts";

interface Inputs extends Pick<Snapshot, "acls" | "vpcAdjacencies" | "vpcMtus"> {
  readonly directions: readonly Direction[];
  readonly directionAcls: readonly number[];
}

export function compileShortcuts(inputs: Inputs): Int32Array {
  const { directions, directionAcls, acls, vpcAdjacencies, vpcMtus } = inputs;
  const shortcuts = new Int32Array(directions.length * SHORTCUT_WORDS);
  for (const [direction, { from, to }] of directions.entries()) {
    const at = direction * SHORTCUT_WORDS;
    const list = directionAcls[direction]!;
    const asked = list >= 0 && acls[list * ACL_WORDS + 3] !== 0;
    const adjacency = vpcAdjacencies[to]!;
    const longest = adjacency === 0 ? vpcMtus[to]! : Math.min(vpcMtus[to]!, TUNNELLED_MAX);
    shortcuts[at + SHORTCUT_FROM] = from;
    shortcuts[at + SHORTCUT_TO] = to;
    shortcuts[at + SHORTCUT_ADJACENCY] = adjacency;
    shortcuts[at + SHORTCUT_MTU] = asked ? -1 : longest;
  }
  return shortcuts;
}
