// What every NAT mode is: its words in a configuration, its rules, and what it gives the data path.

import type { Random } from "../base/random.ts";
import type { ExposeMode } from "../config/expose-mode.ts";
import type { NatExpose } from "../config/model.ts";
import type { FlowDraft } from "../tables/flow-draft.ts";
import type { Timers } from "../tables/flow-timers.ts";
import type { HostTable } from "../tables/host-table.ts";
import type { MappingTable } from "../tables/mapping-table.ts";
import type { PrefixPorts } from "../wire/prefix-ports.ts";
import type { ModeHalves } from "./mapping.ts";
import type { Refusals } from "./refusals.ts";

/** One way of translating the traffic of an expose. A folder in src/nat/ exports exactly one. */
export interface NatMode extends ExposeMode {
  /** Both halves, made when a configuration is compiled. */
  build(expose: NatExpose, context: BuildContext): ModeHalves;
  /** The short timers of the reference gateway, for modes that keep flows. */
  readonly referenceTimers?: Timers;
}

/** What all modes share that outlives a configuration. */
export interface NatState {
  readonly mappings: MappingTable;
  /** For exposes that limit the flows of a host. */
  readonly hosts: () => HostTable;
  /** Whether a flow is known by the answers that the draft's flow would get. */
  readonly inUse: (draft: FlowDraft) => boolean;
  /** Looks for flows that are over and still count for the draft's host. */
  readonly settle: (draft: FlowDraft) => void;
  readonly refusals: Refusals;
  readonly random: Random;
  /** Ports and addresses in order, for tests and stories; otherwise by chance (RFC 6056). */
  readonly sequential: boolean;
}

export interface BuildContext {
  readonly state: NatState;
  /** VNIs of the expose's own VPC and of its peer. */
  readonly vni: number;
  readonly peerVni: number;
  /** Public endpoints that other exposes of this side answer to. */
  readonly claims: () => readonly Claim[];
}

export interface Claim {
  /** IP protocol; undefined: any. */
  readonly protocol: number | undefined;
  readonly publics: readonly PrefixPorts[];
}
