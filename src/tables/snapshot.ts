// Everything the data path reads of one configuration: made whole, swapped between two batches,
// never changed. The names behind the numbers are for people and are read only on request.

import { type AdjacencyTable, buildAdjacencyTable } from "./adjacency-table.ts";
import type { Binder } from "./flow-draft.ts";
import { RuleBuilder } from "./rule-table.ts";
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
  /** acl-table.ts, and for each ACL: first entry, end, 1 when its default is to deny, 1 when
   * it has rules about each packet, 1 when it has rules about ports. */
  readonly aclEntries: Int32Array;
  readonly acls: Int32Array;
  /** By ACL rule number: 1 when it denies. */
  readonly aclDenies: Uint8Array;
  /** By ACL rule number: 1 when it is about each packet, not only the first of a flow. */
  readonly aclPackets: Uint8Array;
  /** By VPC index: VNI, and the adjacency of its tunnel (0: out the way it came; ROUTED: by its
   * routes). */
  readonly vpcVnis: Int32Array;
  readonly vpcAdjacencies: Int32Array;
  /** adjacency-table.ts. */
  readonly adjacencies: AdjacencyTable;
  /** Tries of the routes of a VPC, and of the gateway's own addresses there (OWN, or SHARED with
   * exposes of which none takes pings): VPC index * 2 + (0 for IPv4, 1 for IPv6). What the former
   * lead to, by route * ROUTE_WORDS: the link where the address is, and the neighbor to send to
   * (-1: the address itself). */
  readonly routeRoots: Int32Array;
  readonly ownRoots: Int32Array;
  readonly routes: Int32Array;
  /** By direction: the VPC it leads to, its ACL (-1: none), and the tries of the sources allowed
   * that way (direction * 2 + (0 for IPv4, 1 for IPv6)). Direction d ^ 1 is the way back. */
  readonly directionVpcs: Int32Array;
  readonly directionAcls: Int32Array;
  readonly directionRoots: Int32Array;
  /** Tries, likewise, of the senders that exposes with flows are about: their rule may be in a flow
   * and nowhere else. */
  readonly flowHostRoots: Int32Array;
  /** By VPC index * 2 + (0 for IPv4, 1 for IPv6): whether its packets may belong to flows. */
  readonly tracked: Uint8Array;
  /** For the fast path, by direction * SHORTCUT_WORDS: all that is to be known to send a packet. */
  readonly shortcuts: Int32Array;
  /** No packet of any VPC does. */
  readonly flowless: boolean;
  /** By verdict code: what is said to the sender, 0 for nothing (functions/answer). */
  readonly answers: Uint8Array;
  /** Most answers a second to each VPC. */
  readonly answersPerSecond: number;
  /** By VPC index * ADDRESS_WORDS: the gateway's own IPv4 address there, and its IPv6 address in
   * four words, zero for none. */
  readonly vpcAddresses: Int32Array;
  /** By VPC index: the longest IP packet that it takes. */
  readonly vpcMtus: Int32Array;
  /** By VPC index: most flows that its hosts may hold open; 0: no limit. */
  readonly vpcFlowLimits: Int32Array;
  /** Whether any VPC takes less than the longest packet there is. */
  readonly hasMtus: boolean;
  /** Whether a SYN is held to it. */
  readonly clampsMss: boolean;
  /** What rules of kind BIND name. */
  readonly binders: readonly Binder[];
  /** By interface index: the VPC of its untunnelled frames, -1 for none. */
  readonly interfaceVpcs: Int32Array;
}

export const OWN = 1;
export const SHARED = 2;
export const ROUTED = -1;
export const ROUTE_WORDS = 2;
export const ACL_WORDS = 5;
export const ACL_PORTS = 4;
/** Words of a shortcut: VPC it comes from, VPC it goes to, adjacency, and the longest packet that
 * may take it: -1 where every packet must be asked more, as an ACL about packets does. */
export const SHORTCUT_WORDS = 4;
export const SHORTCUT_FROM = 0;
export const SHORTCUT_TO = 1;
export const SHORTCUT_ADJACENCY = 2;
export const SHORTCUT_MTU = 3;
export const ADDRESS_WORDS = 5;

/** What the data path has before the first configuration: no VPC, so every packet is refused. */
export const EMPTY_SNAPSHOT: Snapshot = {
  generation: 0,
  vnis: buildVniTable([]),
  cells: new Int32Array(0),
  destinationRoots: new Int32Array(0),
  rules: new RuleBuilder().finish(),
  reshapes: new Int32Array(0),
  aclEntries: new Int32Array(0),
  acls: new Int32Array(0),
  aclDenies: new Uint8Array(0),
  aclPackets: new Uint8Array(0),
  vpcVnis: new Int32Array(0),
  vpcAdjacencies: new Int32Array(0),
  adjacencies: buildAdjacencyTable([]),
  routeRoots: new Int32Array(0),
  ownRoots: new Int32Array(0),
  routes: new Int32Array(0),
  directionVpcs: new Int32Array(0),
  directionAcls: new Int32Array(0),
  directionRoots: new Int32Array(0),
  flowHostRoots: new Int32Array(0),
  tracked: new Uint8Array(0),
  shortcuts: new Int32Array(0),
  flowless: true,
  answers: new Uint8Array(256),
  answersPerSecond: 0,
  vpcAddresses: new Int32Array(0),
  vpcMtus: new Int32Array(0),
  vpcFlowLimits: new Int32Array(0),
  hasMtus: false,
  clampsMss: false,
  binders: [],
  interfaceVpcs: new Int32Array(0),
};
