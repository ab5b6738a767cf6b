// What a plan says: plain data, places included.

import type { Place } from "../../config/issue.ts";
import type { EndReason } from "../../gateway/end-reason.ts";

/** A line of the new configuration; of the running one for what is removed. */
export interface Named {
  /** e.g. "expose 2 of blue". */
  readonly label: string;
  readonly place: Place;
}

export interface PlanReport {
  /** The configuration that is in force, and was compared with. */
  readonly generation: number;
  readonly changes: readonly Change[];
  readonly flows: Fates;
  /** By peering of the running configuration, in name order; only those that have flows. */
  readonly peerings: readonly PeeringFates[];
  /** Those that flows need, the fullest first. */
  readonly pools: readonly PoolNeed[];
  /** Those that the running configuration has not. */
  readonly shadows: readonly Shadow[];
  readonly deadRules: readonly DeadRule[];
  /** What the new configuration says and the gateway cannot do while it runs. */
  readonly notices: readonly string[];
}

export interface Change {
  readonly kind: "added" | "removed" | "changed";
  readonly what: "vpc" | "peering" | "settings";
  readonly name: string;
  /** Of what is added or removed there may be none. */
  readonly details: readonly Detail[];
  /** Null for settings, which have no place of their own. */
  readonly place: Place | null;
}

export interface Detail {
  /** A sentence. */
  readonly text: string;
  /** In the configuration that has what it is about; null where that has no place of its own. */
  readonly place: Place | null;
}

/** What would become of flows. `kept` and `reasons` are what applying reports. */
export interface Fates {
  readonly kept: number;
  /** Would end since they would be translated otherwise; opened again they pass. */
  readonly retranslated: number;
  /** Would end for any other reason. */
  readonly ended: number;
  /** Of both, by why; only reasons that occur. */
  readonly reasons: Readonly<Partial<Record<EndReason, number>>>;
}

export interface PeeringFates extends Fates {
  readonly peering: string;
}

/** Public endpoints that the flows of today would need of a pool of the new configuration. */
export interface PoolNeed {
  readonly expose: Named;
  readonly protocol: number;
  /** Held by flows that stay. */
  readonly kept: number;
  /** Wanted by flows that would be translated otherwise and are opened again: at most. */
  readonly again: number;
  /** How many the pool has. Other exposes may draw from the same. */
  readonly capacity: number;
  /** How many are missing; 0 for a pool that is large enough. */
  readonly missing: number;
}

/** Two exposes cover the same destinations for hosts of `from`; `winner` takes what comes there
 * unasked. */
export interface Shadow {
  /** VPC of the sender. */
  readonly from: string;
  /** What both cover, e.g. "192.0.2.1/32:80". */
  readonly addresses: string;
  /** IP protocol number; null for all. */
  readonly protocol: number | null;
  readonly winner: Named;
  readonly loser: Named;
}

/** A rule of an ACL that is never reached. */
export interface DeadRule {
  readonly rule: Named;
  readonly peering: string;
  /** The rules before it that together take all of its packets, in order. */
  readonly by: readonly Named[];
}
