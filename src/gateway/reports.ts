// What a gateway tells about itself.

import type { Config } from "../config/model.ts";
import type { Batch } from "../packet/batch.ts";
import type { PacketPool } from "../packet/packet-pool.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { Snapshot } from "../tables/snapshot.ts";
import type { Names } from "./compile.ts";
import type { DropBook } from "./drop-book.ts";
import type { EndReason } from "./end-reason.ts";
import type { FlowView } from "./flow-list.ts";
import type { Flows } from "./flows.ts";
import type { InterfaceOptions } from "./interfaces.ts";
import type { PairCount } from "./pair-totals.ts";

/** What is held at the moment. */
export interface Tracked {
  /** Ended ones that rest included. */
  readonly flows: number;
  /** Public endpoints. */
  readonly mappings: number;
  /** Those whose flows are counted. */
  readonly hosts: number;
  /** Those that come in fragments. */
  readonly datagrams: number;
}

/** What a configuration did to the flows that were there. */
export interface ApplyReport {
  readonly kept: number;
  readonly ended: readonly EndedFlow[];
  /** Sentences about what the configuration says and the gateway cannot do while it runs. */
  readonly notices: readonly string[];
}

export interface EndedFlow {
  readonly reason: EndReason;
  readonly flow: FlowView;
}

/** A packet of the gateway's own. */
export interface Answer {
  /** Number of the packet it is about, as for `outcome`. */
  readonly cause: number;
  /** The VPC it goes to. */
  readonly to: string;
  /** Views, valid until the next `clear()`. */
  readonly frame: Uint8Array;
  readonly packet: Uint8Array;
}

export interface Counts {
  readonly received: number;
  readonly sent: number;
  /** Of `sent`, those that took the fast path. */
  readonly fast: number;
  readonly consumed: number;
  /** Fragments that wait at the moment: received = sent + consumed + dropped + waiting. */
  readonly waiting: number;
  /** ICMP errors that the gateway sent about dropped packets; not among `sent`. */
  readonly answered: number;
  /** Fragments beyond the first of each packet that was cut; not among `sent`. */
  readonly pieces: number;
  /** By reason; only reasons that occurred. */
  readonly dropped: ReadonlyMap<string, number>;
  /** Sent packets and bytes (of IP packets, all pieces included), by VPC pair; only pairs that
   * occurred. */
  readonly pairs: readonly PairCount[];
}

/** What a gateway is made of at the moment. */
export interface GatewayParts {
  /** The one applied last. */
  readonly config: Config | undefined;
  readonly names: Names;
  readonly snapshot: Snapshot;
  readonly flows: Flows;
  readonly pool: PacketPool;
  /** What came last, until it is cleared. */
  readonly batch: Batch;
  /** Likewise, what came earlier, has waited, and went on. */
  readonly returned: Batch;
  readonly pipeline: Pipeline;
  readonly drops: DropBook;
  /** By index. */
  readonly interfaces: readonly InterfaceOptions[];
  /** Now, as flows count it; and the tick that idle times count from. */
  readonly tick: number;
  readonly since: number;
}
