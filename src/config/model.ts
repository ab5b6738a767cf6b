// The validated configuration: what the operator asked for, with every rule of check.ts held. Only
// `loadConfig` makes one; `compile` takes nothing else. Deeply readonly.

import type { Brand } from "../base/brand.ts";
import type { IpAddress } from "../wire/ip-address.ts";
import type { Prefix } from "../wire/prefix.ts";
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
  /** Undefined: no packet comes or goes by a tunnel, and no attachment or route has one. */
  readonly underlay?: Underlay | undefined;
  /** In the order of the document. */
  readonly attachments: readonly Attachment[];
  /** Static routes of all VPCs, in the order of the document; no two of a VPC have one `to`. */
  readonly routes: readonly StaticRoute[];
  /** In name order; one that is not here has the defaults. */
  readonly interfaces: readonly InterfaceOptions[];
  readonly icmp: IcmpAnswers;
  readonly timers: FlowTimes;
  readonly fragments: FragmentLimits;
  /** Whether the MSS of a TCP connection is held to the MTUs of its VPCs. */
  readonly clampMss: boolean;
  /** Undefined: nothing is logged of flows. */
  readonly natLog?: NatLog | undefined;
  readonly api: ApiOptions;
}

/** Where a running gateway answers programs. */
export interface ApiOptions {
  /** Path of its UNIX socket, false for none; undefined: wherever the program has it. */
  readonly socket: string | false | undefined;
  /** Undefined: not by TCP. An address that others reach has a token. */
  readonly listen: ListenAddress | undefined;
  /** What requests by TCP must bring; 16 to 256 characters. */
  readonly token: string | undefined;
}

export interface ListenAddress {
  readonly address: IpAddress;
  /** 1 to 65535. */
  readonly port: number;
}

/** Where begin and end of flows are written down. */
export interface NatLog {
  /** Every flow, or every public endpoint that is given to a private one. */
  readonly what: "flows" | "endpoints";
  readonly destinations: boolean;
  /** In the order of the document. */
  readonly to: readonly NatLogTarget[];
}

export type NatLogTarget =
  /** JSON lines, appended. */
  | { readonly kind: "file"; readonly path: string }
  /** By UDP; an address or a name. The facility as RFC 5424, 6.2.1, numbers it. */
  | {
      readonly kind: "syslog";
      readonly host: string;
      readonly port: number;
      readonly facility: number;
    }
  | { readonly kind: "ipfix"; readonly host: string; readonly port: number };

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
  /** The router behind the underlay that takes whatever no connected network and no static route
   * of the VPC covers. */
  readonly remote?: TunnelRouter | undefined;
  /** The gateway's own addresses there that its ICMP errors come from, one of a family at most:
   * the one under `isthmus.vpcs`, or else that of the VPC's first attachment. */
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
  /** Has an address of the kernel's, whose routes and neighbors lead to other VTEPs. */
  readonly interface: string;
  /** Unicast IPv4: this gateway's end of all tunnels. */
  readonly vtep: IpAddress;
  /** Six bytes: the gateway's MAC inside all tunnels. As written, or 02:49 and the four bytes of
   * `vtep`. */
  readonly vtepMac: Uint8Array;
  readonly place: Place;
}

/** An address that the gateway has in a VPC, and the network that is connected by it. No two
 * attachments of a VPC have the same address, or networks that overlap. */
export interface Attachment {
  readonly vpc: string;
  readonly segment: Segment;
  /** Unicast, and not link-local if it is IPv6. */
  readonly address: IpAddress;
  readonly network: Prefix;
  readonly place: Place;
}

/** The link of an attachment. Two attachments of a VPC with equal segments are of two families. */
export type Segment = InterfaceSegment | VxlanSegment;

/** All of an interface; no other VPC and no underlay has it. */
export interface InterfaceSegment {
  readonly kind: "interface";
  readonly interface: string;
}

/** The VPC's VNI as a link: Ethernet between hosts behind several VTEPs. A VPC has one at most. */
export interface VxlanSegment {
  readonly kind: "vxlan";
  /** Whom frames for all hosts go to: unicast IPv4, at least one, each once, never this gateway. */
  readonly vteps: readonly IpAddress[];
}

/** A way of a VPC to addresses that are not on its segments. The longest `to` that holds an
 * address counts. */
export interface StaticRoute {
  readonly vpc: string;
  readonly to: Prefix;
  readonly hop: NextHop;
  readonly place: Place;
}

export type NextHop = RouterHop | TunnelHop;

/** A router on an attachment of the VPC: `via` is of the family of `to`, in exactly one connected
 * network of the VPC, and not an address of the gateway's own. */
export interface RouterHop {
  readonly kind: "router";
  readonly via: IpAddress;
}

export interface TunnelHop extends TunnelRouter {
  readonly kind: "tunnel";
}

/** The far end of an L3 tunnel. */
export interface TunnelRouter {
  /** Unicast IPv4, and not this gateway. */
  readonly vtep: IpAddress;
  /** Six bytes: destination MAC inside the tunnel. */
  readonly routerMac: Uint8Array;
}

/** How an interface is driven. */
export interface InterfaceOptions {
  readonly name: string;
  /** "tap": the gateway makes the interface itself. Default "af-packet". */
  readonly driver: "af-packet" | "af-xdp" | "tap";
  /** Whether frames for other MACs are taken in too. Default false. */
  readonly promiscuous: boolean;
  readonly place: Place;
}
