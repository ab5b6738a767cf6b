// Everything the data path reads of one configuration: made whole, swapped between two batches,
// never changed. The names behind the numbers are for people and are read only on request.

import { RULE_WORDS } from "./rule-table.ts";
import { buildVniTable } from "./vni-table.ts";

/** What a step holds on to: `current` is replaced when a configuration is applied. */
export interface SnapshotHolder {
  current: Snapshot;
}

export interface Snapshot {
  /** Counts applied configurations, from 1; 0 is the empty one at start. */
  readonly generation: number;
  /** VNI to VPC index: vni-table.ts. */
  readonly vnis: Int32Array;
  /** Cells of all tries: prefix-table.ts. */
  readonly cells: Int32Array;
  /** Roots of the tries of destinations: VPC index * 2 + (0 for IPv4, 1 for IPv6). */
  readonly destinationRoots: Int32Array;
  /** rule-table.ts. */
  readonly rules: Int32Array;
  /** reshape-table.ts. */
  readonly reshapes: Int32Array;
  /** acl-table.ts, and for each ACL: first entry, end, 1 when its default is to deny. */
  readonly aclEntries: Int32Array;
  readonly acls: Int32Array;
  /** By ACL rule number: 1 when it denies. */
  readonly aclDenies: Uint8Array;
  /** By VPC index: VNI, and the adjacency of its tunnel (0: out the way it came). */
  readonly vpcVnis: Int32Array;
  readonly vpcAdjacencies: Int32Array;
  /** adjacency-table.ts. */
  readonly adjacencies: Int32Array;
  /** By interface index: the VPC of its untunnelled frames, -1 for none. */
  readonly interfaceVpcs: Int32Array;
}

export const ACL_WORDS = 3;

/** What the data path has before the first configuration: no VPC, so every packet is refused. */
export const EMPTY_SNAPSHOT: Snapshot = {
  generation: 0,
  vnis: buildVniTable([]),
  cells: new Int32Array(0),
  destinationRoots: new Int32Array(0),
  rules: new Int32Array(RULE_WORDS),
  reshapes: new Int32Array(0),
  aclEntries: new Int32Array(0),
  acls: new Int32Array(0),
  aclDenies: new Uint8Array(0),
  vpcVnis: new Int32Array(0),
  vpcAdjacencies: new Int32Array(0),
  adjacencies: new Int32Array(0),
  interfaceVpcs: new Int32Array(0),
};
