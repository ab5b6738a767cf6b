// A flow that is about to be: its original key, and what its halves made of it. Filled in the slow
// path, one at a time; addresses stand in a small memory of their own in network order, so that the
// same code maps them that maps packets.

/** Where the addresses stand in `bytes`; IPv4 takes the first four bytes of each. */
export const SOURCE = 0;
export const DESTINATION = 16;
export const NEW_SOURCE = 32;
export const NEW_DESTINATION = 48;

const ICMP = 1;
const ICMPV6 = 58;

export function isQueryProtocol(protocol: number): boolean {
  return protocol === ICMP || protocol === ICMPV6;
}

export class FlowDraft {
  readonly bytes = new Uint8Array(64);
  readonly view = new DataView(this.bytes.buffer);
  v6 = false;
  protocol = 0;
  /** VNIs. */
  from = 0;
  to = 0;
  /** TCP and UDP ports; of an ICMP query its identifier, in both. */
  sourcePort = 0;
  destinationPort = 0;
  newSourcePort = 0;
  newDestinationPort = 0;
  /** Who sees the public endpoints of the side that binds: the VNI of its peer. Not always `to`:
   * hosts of one VPC may talk to each other by their public addresses. */
  realm = 0;
  /** What the flow holds, -1 for nothing: the mapping of its source, that of its destination, and
   * its place among the flows of its host. */
  mapping = -1;
  /** What its source is looked for by among the mappings: set by `MappingTable.find`. */
  mappingTag = 0;
  receiver = -1;
  host = -1;
  /** Index of the timers. */
  timers = 0;
  /** Idle time of the established flow, -1 for that of the timers. */
  idle = -1;
  /** Snapshot numbers. */
  direction = 0;
  replyDirection = 0;
  sourceRule = 0;
  destinationRule = 0;
  tick = 0;
  /** The tick from which idle times count. */
  since = 0;

  /** Bytes of an address. */
  get size(): number {
    return this.v6 ? 16 : 4;
  }

  /** An ICMP query has an identifier in place of ports. */
  get isQuery(): boolean {
    return isQueryProtocol(this.protocol);
  }
}

/** One way of choosing public endpoints of flows, with something that is kept for them. */
export interface Binder {
  /** Writes the new source address and port, and what is held; a drop code or 0. */
  bind(draft: FlowDraft): number;
  /** Of a flow that comes to a public endpoint: writes the private one as the new destination, and
   * what is held; a drop code or 0. */
  receive(draft: FlowDraft): number;
  /** Whether a flow that comes to that public endpoint is one for `receive`; its address stands
   * `at` in `view`. Asked for each packet without a flow. */
  serves(view: DataView, at: number, v6: boolean, protocol: number, port: number): boolean;
  /** Whether the source of the flow in the draft is translated as this binder would. */
  keeps(draft: FlowDraft): boolean;
  /** The same of its destination. */
  keepsReceived(draft: FlowDraft): boolean;
  /** How many public endpoints it has for flows of the protocol. */
  size(protocol: number): number;
  /** A kept flow from now on holds what the options of today ask for. */
  adopt(draft: FlowDraft): void;
}
