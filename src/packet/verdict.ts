// Every way a packet's journey ends. The list is closed; names and codes are stable: they appear in
// stories, counters, captures and documentation. docs/drops.md is checked against it.

/** Not decided yet. */
export const NONE = 0;
/** Goes out. */
export const SENT = 1;
/** Was for the gateway itself. */
export const CONSUMED = 2;
/** Waits for another packet, and comes back with a verdict that ends its journey. */
export const WAITING = 3;
/** Is ready to go and waits until it is known where its next hop is; comes back likewise. */
export const HELD = 4;

export interface DropReason {
  readonly code: number;
  /** What happened, as a sentence. */
  readonly sentence: string;
  /** What to do about it. */
  readonly advice: string;
}

function drop(code: number, sentence: string, advice: string): DropReason {
  return { code, sentence, advice };
}

const SENDER = "Look at the sender or the path before the gateway: the packet arrived broken.";

export const DROP = {
  // The frame.
  "frame-too-short": drop(16, "The frame is shorter than its link-layer header.", SENDER),
  "frame-too-long": drop(
    17,
    "The frame does not fit a packet slot.",
    "Lower the MTU of the sending interface; or use the driver af-packet, whose slots take any frame.",
  ),
  "ethernet-bad-address": drop(
    18,
    "The Ethernet source address is zero or multicast, or the destination is zero.",
    SENDER,
  ),
  "vlan-too-deep": drop(
    19,
    "The frame has more than four VLAN tags.",
    "Remove tags before the gateway.",
  ),
  "not-ip": drop(
    20,
    "The frame carries neither IPv4 nor IPv6.",
    "Only IP passes between VPCs; nothing to do unless you expected otherwise.",
  ),
  "unknown-link-type": drop(
    21,
    "Frames of this interface start with a link-layer header that is neither Ethernet nor raw IP.",
    "Capture on an Ethernet interface, or convert the capture.",
  ),
  "not-for-us": drop(
    22,
    "The frame is for another MAC address, another VLAN, or a group.",
    "Nothing to do: the segment shows the gateway what is for others.",
  ),
  "for-the-gateway": drop(
    23,
    "The packet is for the gateway's own address, where only ping is answered.",
    "Correct the address; or expose it, if the peer's hosts are to be reached there.",
  ),
  // The tunnel.
  "vxlan-malformed": drop(
    24,
    "The VXLAN header lacks the VNI flag, has a VNI of zero, or is cut short.",
    SENDER,
  ),
  "congestion-unmarked": drop(
    26,
    "The tunnel met congestion on its way, and the packet in it cannot say so (RFC 6040).",
    "Look for congestion on the underlay; the sender does not use ECN and has to notice the loss.",
  ),
  "unknown-vpc": drop(
    25,
    "No VPC has this VNI, or the interface belongs to no VPC.",
    "Add the VPC with this vni, or say which VPC the interface is.",
  ),
  // The network header.
  "ipv4-truncated": drop(32, "The IPv4 packet is shorter than its header says.", SENDER),
  "ipv4-bad-header": drop(
    33,
    "The IPv4 version, header length or total length is impossible.",
    SENDER,
  ),
  "ipv4-bad-checksum": drop(34, "The IPv4 header checksum is wrong.", SENDER),
  "ipv6-truncated": drop(35, "The IPv6 packet is shorter than its header says.", SENDER),
  "ipv6-bad-header": drop(
    36,
    "The frame says IPv6, and what is in it is of another version.",
    SENDER,
  ),
  "ipv6-bad-extension": drop(
    37,
    "An IPv6 extension header is cut short, or there are more than eight.",
    SENDER,
  ),
  "source-not-unicast": drop(
    38,
    "The source address is multicast or broadcast, which no host may use as a source.",
    SENDER,
  ),
  "ttl-exceeded": drop(
    39,
    "The TTL or hop limit would reach zero here.",
    "Look for a routing loop; traceroute does this on purpose.",
  ),
  // The transport header.
  "tcp-malformed": drop(
    48,
    "The TCP header is cut short or its data offset is impossible.",
    SENDER,
  ),
  "udp-malformed": drop(49, "The UDP header is cut short or its length is impossible.", SENDER),
  "icmp-malformed": drop(50, "The ICMP header is cut short.", SENDER),
  "port-zero": drop(51, "The source or destination port is 0, which is reserved.", SENDER),
  untranslatable: drop(
    52,
    "An authentication header, a routing header with segments left, or a home address option ties the packet to addresses that would have to be translated.",
    "Expose these addresses without NAT, use ESP instead of AH, and Mobile IPv6 without route optimisation.",
  ),
  "fragment-without-flow": drop(
    53,
    "A later fragment belongs to the flow of its datagram's first one, which was refused.",
    "Look for why the first fragment was dropped.",
  ),
  "fragment-malformed": drop(
    54,
    "A fragment that is not the last has a length that is no multiple of eight, or a fragment stands in another.",
    SENDER,
  ),
  "fragment-overlap": drop(
    55,
    "A fragment overlaps another, or the transport header: nothing of its datagram passes any more.",
    "No honest sender does this; look for who sends in its name.",
  ),
  // ICMP errors.
  "icmp-bad-checksum": drop(56, "The checksum of an ICMP error is wrong.", SENDER),
  "icmp-quoted-bad-checksum": drop(
    57,
    "The IPv4 header quoted in an ICMP error has a wrong checksum.",
    SENDER,
  ),
  "icmp-error-incomplete": drop(
    58,
    "The ICMP error comes in fragments, or does not quote enough of the packet it is about, or quotes a port 0.",
    SENDER,
  ),
  "icmp-error-mismatch": drop(
    59,
    "The ICMP error is addressed to somebody else than the sender of the packet it quotes.",
    SENDER,
  ),
  "icmp-error-unrelated": drop(
    60,
    "The packet quoted in the ICMP error cannot have passed this gateway.",
    "If it should have, look at the exposes of the quoted addresses.",
  ),
  "fragment-duplicate": drop(
    61,
    "The very same fragment has come before.",
    "Harmless when rare: somebody on the way sends packets twice.",
  ),
  "fragment-timeout": drop(
    62,
    "The fragment waited for the first one of its datagram, which did not come in time.",
    "Look for packet loss before the gateway; or raise isthmus.fragments.timeout.",
  ),
  "fragments-full": drop(
    63,
    "Too many datagrams in fragments at a time, of all VPCs, of this one, or too many parts of one.",
    "Avoid fragmentation (path MTU discovery), or raise the limits of isthmus.fragments.",
  ),
  // Policy and translation.
  "no-peering": drop(
    64,
    "No peering of the sender's VPC covers this destination.",
    "Add an expose to a peer for this destination, or correct the address.",
  ),
  "port-not-exposed": drop(
    65,
    "The destination address is exposed, but not this port or protocol.",
    "Add the port or protocol to the expose.",
  ),
  "source-not-exposed": drop(
    66,
    "The sender's VPC does not expose this source address towards that peer.",
    "Add an expose for the source, or correct the sender's address.",
  ),
  "source-port-not-exposed": drop(
    67,
    "The source address is exposed towards that peer, but not this port or protocol.",
    "Add the port or protocol to the expose.",
  ),
  "no-mapping": drop(
    68,
    "The translation would give an address or port that cannot be used.",
    "Correct the prefixes of the expose: its public side maps to multicast, broadcast or port 0.",
  ),
  "no-flow": drop(
    70,
    "The destination accepts packets only in answer to a flow, and there is none.",
    "The private side must open the connection; or the flow has expired.",
  ),
  "acl-denied": drop(
    71,
    "A rule of the peering's ACL, or its default, denies the packet.",
    "Change the rule, or add one before it.",
  ),
  "too-big": drop(
    80,
    "The packet is longer than its destination's network takes, and may not be cut.",
    "Let path MTU discovery work: ICMP must reach the sender; or lower the MTU of the hosts.",
  ),
  "no-room-to-cut": drop(
    82,
    "The packet is longer than its destination's network takes, and there are no free slots for its pieces.",
    "Let hosts use path MTU discovery, or lower their MTU.",
  ),
  "no-route": drop(
    83,
    "The destination's VPC has no way to this address: no attachment, route or tunnel covers it.",
    "Add an attachment or a route to that VPC under isthmus, or correct the expose.",
  ),
  "neighbor-unresolved": drop(
    84,
    "The next hop does not answer: no host says that it has its address.",
    "Look at isthmus show neighbors: who is asked for. Is the host or router up, and on that segment? Behind a tunnel, can its VTEP be reached?",
  ),
  "tunnel-too-long": drop(
    73,
    "With the headers of the tunnel the packet would be longer than IP allows.",
    "Lower the MTU of the sending hosts.",
  ),
  "flow-expired": drop(
    72,
    "The packet answers a flow that has ended or was idle for too long.",
    "Open the connection again; or raise the idle timeout of the expose.",
  ),
  "tcp-without-flow": drop(
    74,
    "A TCP segment that does not open a connection, and there is no flow that it belongs to.",
    "The connection is unknown here, or was idle for too long: open it again.",
  ),
  "flow-table-full": drop(
    75,
    "The flow table is full; existing flows go on.",
    "Raise gateway.flowTableCapacity, or shorten the idle timeouts.",
  ),
  "no-free-port": drop(
    76,
    "All public addresses and ports of the expose are in use; existing flows go on.",
    "Give the expose more public addresses.",
  ),
  "tuple-in-use": drop(
    77,
    "Another flow has the same addresses and ports after translation.",
    "Look for two exposes that lead to the same host and port. A host that sends to its own public endpoint gets this too, and the second of two flows in opposite directions that one of the hosts could not tell apart.",
  ),
  "host-flow-limit": drop(
    79,
    "The private address has as many flows open as the expose allows; existing flows go on.",
    "Raise flowsPerHost of the expose, or look for what opens so many.",
  ),
  "vpc-flow-limit": drop(
    81,
    "The hosts of the VPC have as many flows open as it may have; existing flows go on.",
    "Raise isthmus.vpcs.NAME.flows, or look for what opens so many.",
  ),
  "protocol-without-flow": drop(
    78,
    "The expose keeps flows, which are known of TCP, UDP and ICMP queries only.",
    "Use static NAT or no NAT for other protocols.",
  ),
} as const satisfies Record<string, DropReason>;

export type DropName = keyof typeof DROP;
export type VerdictName = "none" | "sent" | "consumed" | "waiting" | "held" | DropName;

/** Lowest code of a drop. */
export const DROP_FIRST = 16;
/** One more than the highest code. */
export const VERDICT_LIMIT = 128;

const names: VerdictName[] = new Array<VerdictName>(VERDICT_LIMIT).fill("none");
names[SENT] = "sent";
names[CONSUMED] = "consumed";
names[WAITING] = "waiting";
names[HELD] = "held";
for (const [name, reason] of Object.entries(DROP)) names[reason.code] = name as DropName;

/** The stable name of a code. */
export function verdictName(code: number): VerdictName {
  return names[code] ?? "none";
}
