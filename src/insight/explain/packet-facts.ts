// What nearest misses are about: the packet's endpoints, read from its notation.

import type { IpAddress } from "../../wire/ip-address.ts";
import { ICMP, ICMPV6, TCP, UDP } from "../../wire/ip-protocol.ts";
import { NotationError, type PacketNotation, parsePacket } from "../../wire/notation.ts";

export interface PacketFacts {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** -1 where the packet has none. */
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly protocol: number;
  /** Of the IP packet, in bytes; 0 when not told. */
  readonly length: number;
}

const PROTOCOLS: Readonly<Record<string, number>> = { tcp: TCP, udp: UDP };

/** Of a packet as `describePacket` tells it; undefined for "" and what is no packet. */
export function factsOf(notation: string): PacketFacts | undefined {
  const packet = read(notation);
  if (packet === undefined) return undefined;
  const { protocol, source, destination, sourcePort, destinationPort, attributes } = packet;
  if (!isAddress(source) || !isAddress(destination)) return undefined;
  const icmp = source.family === 4 ? ICMP : ICMPV6;
  const number = protocol === "icmp" ? icmp : Number(protocol.replace("proto-", ""));
  return {
    source,
    destination,
    sourcePort: portOf(sourcePort),
    destinationPort: portOf(destinationPort),
    protocol: PROTOCOLS[protocol] ?? number,
    length: portOf(attributes.get("len")),
  };
}

function read(notation: string): PacketNotation | undefined {
  try {
    return parsePacket(notation);
  } catch (error) {
    if (error instanceof NotationError) return undefined;
    throw error;
  }
}

function isAddress(value: unknown): value is IpAddress {
  return typeof value === "object" && value !== null && "family" in value;
}

function portOf(value: unknown): number {
  return typeof value === "number" ? value : -1;
}
