// The validated configuration: what the operator asked for, with every rule of check.ts held. Only
// `loadConfig` makes one; `compile` takes nothing else. Deeply readonly.

import type { Brand } from "../base/brand.ts";
import type { IpAddress } from "../wire/ip-address.ts";
import type { PrefixPorts } from "../wire/prefix-ports.ts";
import type { Place } from "./issue.ts";

/** The brand keeps unchecked data out: only config/load.ts makes a Config. */
export type Config = Brand<ConfigShape, "Config">;

export interface ConfigShape {
  /** The file name as the user gave it; "" when the text came from elsewhere. */
  readonly file: string;
  /** In name order. */
  readonly vpcs: readonly Vpc[];
  /** In name order. */
  readonly peerings: readonly Peering[];
  /** Most flows at a time, per address family. Default 1,000,000. */
  readonly flowTableCapacity: number;
  readonly underlay?: Underlay | undefined;
  readonly attachments: readonly Attachment[];
  readonly icmp: IcmpAnswers;
  readonly timers: FlowTimes;
  readonly fragments: FragmentLimits;
  /** Whether the MSS of a TCP connection is held to the MTUs of its VPCs. */
  readonly clampMss: boolean;
}

/** How much is remembered of datagrams that come in fragments. */
export interface FragmentLimits {
  /** How long, from the first fragment that comes. */
  readonly timeoutMillis: number;
  /** How many datagrams. */
  readonly datagrams: number;
  /** How many packets may wait for the first fragment of theirs. */
  readonly waiting: number;
}

/** How long flows may be idle, in milliseconds; what is undefined is as the preset has it. */
export interface FlowTimes {
  /** "rfc": what the RFCs ask for. "reference": the short times of the gateway that Isthmus is
   * compared with. */
  readonly preset: "rfc" | "reference";
  readonly tcp: {
    readonly opening?: number | undefined;
    readonly established?: number | undefined;
    readonly closing?: number | undefined;
  };
  readonly udp: {
    readonly unanswered?: number | undefined;
    readonly established?: number | undefined;
  };
  readonly icmp: { readonly query?: number | undefined };
  /** How long a public endpoint rests before another private one gets it. */
  readonly rest?: number | undefined;
}

/** Which packets the gateway answers with an ICMP error when it drops them. */
export interface IcmpAnswers {
  /** TTL or hop limit used up. */
  readonly timeExceeded: boolean;
  /** Longer than the network of the destination takes. */
  readonly tooBig: boolean;
  /** Denied by an ACL, or no room for another flow. */
  readonly prohibited: boolean;
  /** Most a second to each VPC. */
  readonly perSecond: number;
}

/** No IPv4 packet is longer, and no IPv6 packet without jumbograms. */
export const MTU_MAX = 65_575;

export interface Vpc {
  readonly name: string;
  /** 1 to 16,777,215. */
  readonly vni: number;
  readonly place: Place;
  /** Where its packets go on the underlay; needed only by a live gateway. */
  readonly remote?: { readonly vtep: string; readonly routerMac: string } | undefined;
  /** The gateway's own addresses there, one of a family at most: what its answers come from. */
  readonly addresses: readonly IpAddress[];
  /** The longest IP packet that it takes, in bytes. */
  readonly mtu: number;
  /** Most flows that its hosts may hold open; undefined: as many as the table has room for. */
  readonly flows?: number | undefined;
}

export interface Peering {
  readonly name: string;
  /** The two sides, in VPC name order. */
  readonly sides: readonly [Manifest, Manifest];
  readonly acl?: Acl | undefined;
  readonly place: Place;
}

/** What one VPC offers in one peering. */
export interface Manifest {
  readonly vpc: string;
  readonly exposes: readonly Expose[];
  /** Whether hosts of the VPC may reach each other by the public addresses of its NAT exposes (RFC
   * 4787, REQ-9). */
  readonly hairpin: boolean;
  readonly place: Place;
}

interface ExposeCommon {
  /** Position in the `expose` list as written, from 1. Several exposes may share it (one list
   * entry with several forwarded port ranges makes one expose for each). */
  readonly index: number;
  /** Where it stands in the document, e.g. "peerings.a--b.peering.a.expose[0]". */
  readonly path: string;
  readonly place: Place;
}

/** Addresses pass unchanged. */
export interface PlainExpose extends ExposeCommon {
  readonly kind: "plain";
  /** Exclusions applied, disjoint, merged, in the order of nat.md: see wire/prefix-ports.ts. */
  readonly privates: readonly PrefixPorts[];
}

/** Whatever no other expose covers. */
export interface DefaultExpose extends ExposeCommon {
  readonly kind: "default";
}

/** Addresses are translated, in the way that `mode` names. */
export interface NatExpose extends ExposeCommon {
  readonly kind: "nat";
  /** The name of a mode in nat/modes.ts. */
  readonly mode: string;
  /** As the VPC's own hosts know themselves; normalised like PlainExpose.privates. */
  readonly privates: readonly PrefixPorts[];
  /** As the peer knows them; normalised likewise. */
  readonly publics: readonly PrefixPorts[];
  /** IP protocol number the expose is restricted to; undefined: any. */
  readonly protocol?: number | undefined;
  /** The mode's own options, as its options.ts parsed them. */
  readonly options: unknown;
}

export type Expose = PlainExpose | DefaultExpose | NatExpose;

/** Rules of one peering, first match decides, before any translation. */
export interface Acl {
  /** What happens to a packet no rule matches. */
  readonly default: "allow" | "deny";
  readonly rules: readonly AclRule[];
  readonly place: Place;
}

export interface AclRule {
  readonly name: string;
  /** VPC names: the rule is for packets from one to the other. */
  readonly from: string;
  readonly to: string;
  readonly action: "allow" | "deny";
  readonly scope: "flow" | "packet";
  readonly log: boolean;
  /** IP protocol number; undefined: any. */
  readonly protocol?: number | undefined;
  /** The sender's private addresses; never empty. */
  readonly source: readonly PrefixPorts[];
  /** The receiver's public addresses; never empty. */
  readonly destination: readonly PrefixPorts[];
  readonly place: Place;
}

/** The VXLAN side of the gateway (RFC 7348). */
export interface Underlay {
  readonly interface: string;
  readonly vtep: string;
  /** Router MAC of this gateway in the tunnels. */
  readonly vtepMac?: string | undefined;
}

/** A VPC straight on an interface. */
export interface Attachment {
  readonly vpc: string;
  readonly interface: string;
  readonly address: string;
}
