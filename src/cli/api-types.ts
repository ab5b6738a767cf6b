// What the API of a running gateway says, as far as the command line reads it. Times are RFC 3339,
// counts whole numbers since the gateway started, lengths of time seconds.

import type { ConfigIssue, Place } from "../config/issue.ts";
import type { PairCount, Tracked } from "../gateway/gateway.ts";

/** One page of a list; `next` is the `cursor` of the following one, null at the end. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** RFC 9457. A refused configuration has `issues`. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly issues?: readonly ConfigIssue[];
}

/** What `/v1/flows` and `/v1/flows/kill` are asked with; what is not there matches all. */
export interface FlowFilter {
  /** Name of the VPC of either end. */
  readonly vpc?: string;
  /** Any of the flow's four addresses, or a prefix that holds one. */
  readonly address?: string;
  /** Any of its ports; the identifier of an ICMP query. */
  readonly port?: number;
  /** "tcp", "udp", "icmp". */
  readonly protocol?: string;
  readonly state?: string;
}

/** Of `/v1/flows`. */
export interface ApiFlow {
  /** Names of the opener's VPC and of the peer's. */
  readonly from: string;
  readonly to: string;
  readonly peering: string;
  /** A packet of the flow as its opener sends it, and as the peer gets it, in packet notation. */
  readonly original: string;
  readonly translated: string;
  readonly state: string;
  /** Packets and bytes (of IP packets) as sent by its opener, and by the peer. */
  readonly packets: readonly [number, number];
  readonly bytes: readonly [number, number];
  /** Seconds until it ends, if no packet comes. */
  readonly expires: number;
}

/** Of `/v1/drops`. */
export interface ApiDrop {
  readonly reason: string;
  /** Null where the VPC was not known yet. */
  readonly from: string | null;
  readonly to: string | null;
  /** The interface it came by. */
  readonly interface: string | null;
  readonly step: string;
  readonly count: number;
}

/** Of `/v1/pools`: the public addresses of an expose for one protocol, as one VPC sees them. */
export interface ApiPool {
  readonly vpc: string;
  readonly peer: string;
  /** The public prefixes, separated by commas. */
  readonly pool: string;
  readonly protocol: string;
  /** Ports of all addresses. */
  readonly size: number;
  readonly used: number;
  readonly free: number;
  readonly resting: number;
  /** Flows that got no port there. */
  readonly refused: number;
  /** Null while it is not known. */
  readonly growthPerSecond: number | null;
  /** Seconds until no port is free; null when that is not foreseen. */
  readonly fullInSeconds: number | null;
  /** Private addresses that have most ports, most first. */
  readonly topUsers: readonly { readonly address: string; readonly ports: number }[];
  /** Where its expose is written. */
  readonly place: Place | null;
}

/** Of `/v1/peerings`. */
export interface ApiPeering {
  readonly name: string;
  readonly sides: readonly [ApiSide, ApiSide];
  /** Number of rules; null without an ACL. */
  readonly aclRules: number | null;
  readonly place: { readonly file: string; readonly line: number };
}

export interface ApiSide {
  readonly vpc: string;
  /** "plain", "default", or the NAT mode: one for each expose. */
  readonly exposes: readonly string[];
}

/** Of `/v1/interfaces`. */
export interface ApiInterface {
  readonly name: string;
  /** Null for one that carries tunnels only. */
  readonly vpc: string | null;
  readonly driver: string;
  readonly up: boolean;
  readonly counters: {
    readonly received: number;
    readonly receiveDrops: number;
    readonly receiveTooLong: number;
    readonly receiveErrors: number;
    readonly transmitted: number;
    readonly transmitDrops: number;
    readonly transmitTooLong: number;
  };
}

/** Of `/v1/neighbors`. */
export interface ApiNeighbor {
  readonly vpc: string;
  readonly interface: string | null;
  readonly address: string;
  /** Null while it is not known. */
  readonly mac: string | null;
  /** Where its tunnel ends, when it is behind one. */
  readonly vtep: string | null;
  readonly state: string;
}

/** Of `/v1/config`. */
export interface ApiConfig {
  readonly file: string;
  readonly text: string;
  readonly generation: number;
  readonly appliedAt: string;
  /** When the gateway goes back to the configuration of before, unless this one is confirmed. */
  readonly confirmBefore: string | null;
}

/** Of `/v1/stats`. */
export interface ApiStats {
  readonly generation: number;
  readonly uptime: number;
  readonly received: number;
  readonly sent: number;
  /** Of `sent`, those that took the fast path. */
  readonly fast: number;
  readonly consumed: number;
  readonly waiting: number;
  readonly answered: number;
  readonly pieces: number;
  /** By reason. */
  readonly dropped: Readonly<Record<string, number>>;
  readonly pairs: readonly PairCount[];
  readonly tracked: Tracked;
}

/** What validate, apply and plan are sent: `file` is what places in issues are told with. */
export interface ConfigRequest {
  readonly file: string;
  readonly text: string;
}

/** Of `/v1/config/apply` (`confirmWithin`: seconds). */
export interface Applied {
  readonly generation: number;
  readonly kept: number;
  /** By reason. */
  readonly ended: Readonly<Record<string, number>>;
  readonly notices: readonly string[];
  readonly confirmBefore: string | null;
}

/** Of `/v1/config/confirm`. */
export interface Confirmed {
  readonly generation: number;
}

/** Of `/v1/flows/kill`. */
export interface Killed {
  readonly killed: number;
}
