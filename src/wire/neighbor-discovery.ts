// IPv6 neighbor discovery (RFC 4861): solicitations and advertisements of neighbors and routers, as
// messages of ICMPv6 without their IP header.

import { formatIpAddress, type IpAddress, readIpAddress, writeIpAddress } from "./ip-address.ts";
import { formatMac } from "./mac.ts";

const TYPES = {
  133: "router-solicitation",
  134: "router-advertisement",
  135: "neighbor-solicitation",
  136: "neighbor-advertisement",
} as const;
const SOURCE_LINK_LAYER = 1;
const TARGET_LINK_LAYER = 2;

// Flags of a neighbor advertisement (RFC 4861, 4.4).
export const FROM_ROUTER = 0x80;
export const SOLICITED = 0x40;
export const OVERRIDE = 0x20;

export interface NeighborMessage {
  readonly kind: (typeof TYPES)[keyof typeof TYPES];
  /** Of an advertisement: FROM_ROUTER, SOLICITED, OVERRIDE. */
  readonly flags: number;
  /** Of the messages about neighbors: whose link-layer address it is about. */
  readonly target?: IpAddress | undefined;
  /** The option of the sender's (in advertisements the target's) link-layer address. */
  readonly linkLayer?: Uint8Array | undefined;
}

/** Reads an ICMPv6 message; undefined when it is another one, cut short, or has a broken option. */
export function readNeighborMessage(message: Uint8Array): NeighborMessage | undefined {
  const kind = TYPES[message[0] as keyof typeof TYPES];
  if (kind === undefined || message.length < 8) return undefined;
  const aboutNeighbor = kind.startsWith("neighbor");
  const fixed = aboutNeighbor ? 24 : kind === "router-advertisement" ? 16 : 8;
  if (message.length < fixed) return undefined;
  let linkLayer: Uint8Array | undefined;
  for (let at = fixed; at < message.length; ) {
    const length = (message[at + 1] ?? 0) * 8;
    // An option of length zero makes the message invalid (RFC 4861, 4.6).
    if (length === 0 || at + length > message.length) return undefined;
    if (message[at] === SOURCE_LINK_LAYER || message[at] === TARGET_LINK_LAYER) {
      linkLayer = message.slice(at + 2, at + 8);
    }
    at += length;
  }
  const target = aboutNeighbor ? readIpAddress(message, 8, 6) : undefined;
  const flags = kind === "neighbor-advertisement" ? message[4]! & 0xe0 : 0;
  return { kind, flags, target, linkLayer };
}

/** A solicitation or advertisement about a neighbor; its checksum is left 0, as it covers the IP
 * addresses around it. */
export function buildNeighborMessage(
  kind: "neighbor-solicitation" | "neighbor-advertisement",
  target: IpAddress,
  linkLayer: Uint8Array,
  flags = 0,
): Uint8Array {
  const message = new Uint8Array(32);
  const solicits = kind === "neighbor-solicitation";
  message[0] = solicits ? 135 : 136;
  message[4] = flags;
  writeIpAddress(message, 8, target);
  message[24] = solicits ? SOURCE_LINK_LAYER : TARGET_LINK_LAYER;
  message[25] = 1;
  message.set(linkLayer, 26);
  return message;
}

/** One line for people. */
export function describeNeighborMessage({ kind, target, linkLayer }: NeighborMessage): string {
  const about = target === undefined ? "" : ` for ${formatIpAddress(target)}`;
  const from = linkLayer === undefined ? "" : `, ${formatMac(linkLayer)}`;
  return `${kind}${about}${from}`;
}
