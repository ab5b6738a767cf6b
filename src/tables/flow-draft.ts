// A flow that is about to be: its original key, and what its halves made of it. Filled in the slow
// path, one at a time; addresses stand in a small memory of their own in network order, so that the
// same code maps them that maps packets.

/** Where the addresses stand in `bytes`; IPv4 takes the first four bytes of each. */
export const SOURCE = 0;
export const DESTINATION = 16;
export const NEW_SOURCE = 32;
export const NEW_DESTINATION = 48;

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
  /** What the source half took and holds, -1 for nothing. */
  mapping = -1;
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

  get size(): number {
    return this.v6 ? 16 : 4;
  }
}

/** One way of choosing the new source of a flow with something that is kept for it. */
export interface Binder {
  /** Writes the new source address and port, and what is held; a drop code or 0. */
  bind(draft: FlowDraft): number;
  /** Whether the flow in the draft, translation and all, is one this binder would have made. */
  keeps(draft: FlowDraft): boolean;
}
