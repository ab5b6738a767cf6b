// What a network shall be, as plain data. Addresses are as one types them: "10.0.0.2/24" where the
// length of the prefix matters, "10.0.0.2" where not; each list may mix IPv4 and IPv6.

/** A gateway and what it is connected to. */
export interface NetworkPlan {
  /** Segments on which the gateway has an interface. */
  readonly segments?: readonly SegmentPlan[];
  /** The network that carries tunnels to it. */
  readonly underlay?: UnderlayPlan;
}

export interface HostPlan {
  /** Unique in the plan; letters, digits and dashes. */
  readonly name: string;
  /** With the prefix length of its segment. */
  readonly addresses: readonly string[];
  /** Its default routes; if not given, those of its segment. None of a family: no route. */
  readonly via?: readonly string[];
  /** Addresses on its loopback interface: hosts behind a router, which it is. */
  readonly behind?: readonly string[];
  readonly mac?: string;
}

/** One host is connected by a cable, several by a bridge. */
export interface SegmentPlan {
  /** The gateway's interface, up to 15 characters; it gets no address and says nothing. */
  readonly interface: string;
  /** Addresses without length that somebody is going to answer for there: the default routes. */
  readonly via: readonly string[];
  readonly hosts: readonly HostPlan[];
  /** Of the gateway's interface. */
  readonly mac?: string;
  /** In bytes, of all interfaces on it; 1500 if not given. */
  readonly mtu?: number;
}

export interface UnderlayPlan {
  /** The gateway's interface. */
  readonly interface: string;
  /** Its address, which the kernel has, with length. IPv4. */
  readonly address: string;
  readonly vteps: readonly VtepPlan[];
  /** In bytes; 1550 if not given, so that hosts in tunnels have 1500. */
  readonly mtu?: number;
}

/** A tunnel endpoint (RFC 7348), the kernel's, with one network behind it. */
export interface VtepPlan {
  /** Unique in the plan. */
  readonly name: string;
  /** On the underlay, with length. */
  readonly address: string;
  readonly vni: number;
  /** The endpoint is a host itself, with these on the tunnel's device; not with `router`. */
  readonly addresses?: readonly string[];
  /** Default routes of all hosts of it. */
  readonly via: readonly string[];
  /** On a bridge with the tunnel; with `router`, on a bridge of their own. */
  readonly hosts?: readonly HostPlan[];
  /** An L3 tunnel: the endpoint routes between its hosts and the gateway. */
  readonly router?: RouterPlan;
}

export interface RouterPlan {
  /** Its MAC address inside the tunnel. */
  readonly mac: string;
  /** The gateway's. */
  readonly gatewayMac: string;
  /** Its addresses on the segment of its hosts, with length. */
  readonly addresses: readonly string[];
}

/** A gateway's MAC address inside tunnels when no other is configured: 02:49, then its VTEP
 * address, "172.30.8.1" or "172.30.8.1/24". */
export function tunnelMacOf(address: string): string {
  const bytes = [2, 0x49, ...bareAddress(address).split(".").map(Number)];
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/** Without its prefix length. */
export function bareAddress(address: string): string {
  return address.split("/")[0] ?? address;
}
