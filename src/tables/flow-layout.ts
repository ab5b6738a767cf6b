// Data path.
// What stands in an entry of the flow table: one cache line for IPv4, two for IPv6.

/** Where in an entry which word stands. Addresses and ports as big-endian words of the packet. */
export interface FlowLayout {
  readonly words: number;
  readonly addressWords: number;
  /** VNI of the sender << 8 | IP protocol. */
  readonly network: number;
  readonly source: number;
  readonly destination: number;
  /** Source port << 16 | destination port; an ICMP identifier stands in both. */
  readonly ports: number;
  readonly newSource: number;
  readonly newDestination: number;
  readonly newPorts: number;
  /** One's-complement changes: transport checksum << 16 | IPv4 header checksum, TTL included. */
  readonly deltas: number;
  readonly direction: number;
  /** The tick at which the entry alone would end; the flow lives as long as either entry. */
  readonly deadline: number;
  /** Idle ticks of the established flow. */
  readonly idle: number;
  readonly packets: number;
  readonly bytes: number;
  /** TCP: the last acknowledgement sent this way, and how far behind it the receiver takes data. */
  readonly ack: number;
  readonly window: number;
  /** State | SEEN_ACK | window scale << 16; 0 in a free entry. */
  readonly state: number;
}

export const V4_LAYOUT: FlowLayout = {
  words: 16,
  addressWords: 1,
  network: 0,
  source: 1,
  destination: 2,
  ports: 3,
  newSource: 4,
  newDestination: 5,
  newPorts: 6,
  deltas: 7,
  direction: 8,
  deadline: 9,
  idle: 10,
  packets: 11,
  bytes: 12,
  ack: 13,
  window: 14,
  state: 15,
};

export const V6_LAYOUT: FlowLayout = {
  words: 32,
  addressWords: 4,
  network: 0,
  source: 1,
  destination: 5,
  ports: 9,
  deadline: 10,
  idle: 11,
  packets: 12,
  bytes: 13,
  direction: 14,
  state: 15,
  newSource: 16,
  newDestination: 20,
  newPorts: 24,
  deltas: 25,
  ack: 26,
  window: 27,
};

export const STATE_MASK = 0xff;
/** The flow is over and only rests. */
export const RESTING = 0x200;
/** An acknowledgement has been seen from this side, so that `ack` means something. */
export const SEEN_ACK = 0x100;
