// One packet as a person writes it. In a pattern any value may be "*" (anything) or a variable.

import type { IpAddress } from "./ip-address.ts";

export interface Variable {
  readonly variable: string;
}

export type Pattern<T> = T | Variable | "*";

/** What a variable stands for. */
export type Bound = IpAddress | number;

/** Numbers that are written `name=value`. All are the value of the header field of that name,
 * except: `len` the whole IP packet in bytes, `frag` the fragment offset in bytes, `id` the ICMP
 * query identifier where there is one and the IP identification otherwise. */
export const ATTRIBUTES = [
  "ttl",
  "tos",
  "id",
  "seq",
  "ack",
  "win",
  "mss",
  "mtu",
  "frag",
  "len",
] as const;
export type Attribute = (typeof ATTRIBUTES)[number];

/** Flag bits of the TCP header, in the order they are written. */
export const TCP_FLAGS = {
  syn: 0x02,
  ack: 0x10,
  fin: 0x01,
  rst: 0x04,
  psh: 0x08,
  urg: 0x20,
  ece: 0x40,
  cwr: 0x80,
} as const;

export interface PacketNotation {
  /** "tcp", "udp", "icmp" or "proto-N". */
  readonly protocol: string;
  readonly source: Pattern<IpAddress>;
  readonly destination: Pattern<IpAddress>;
  /** TCP and UDP, but for later fragments. */
  readonly sourcePort?: Pattern<number> | undefined;
  readonly destinationPort?: Pattern<number> | undefined;
  /** Bits of TCP_FLAGS. */
  readonly tcpFlags?: number | undefined;
  /** A name of icmp.ts, or the numbers. */
  readonly icmp?: string | { readonly type: number; readonly code: number } | undefined;
  readonly attributes: ReadonlyMap<Attribute, Pattern<number>>;
  readonly dontFragment?: boolean | undefined;
  readonly moreFragments?: boolean | undefined;
  /** Of the transport header: "zero" is UDP's "none". */
  readonly checksum?: "zero" | "bad" | undefined;
  /** Behind the transport header. */
  readonly data?: Uint8Array | undefined;
  /** The packet an ICMP error is about. */
  readonly quoted?: PacketNotation | undefined;
}

/** A text that is not a packet, or a packet that cannot be built. */
export class NotationError extends Error {
  override readonly name = "NotationError";
  readonly text: string;
  /** From 1; where in `text` the trouble is. */
  readonly column: number;

  constructor(message: string, text: string, column: number) {
    super(`${message} (column ${column} of "${text}")`);
    this.text = text;
    this.column = column;
  }
}
