// What the kernel knows of the network, from the bytes of rtnetlink(7): links, addresses, routes,
// neighbors. Pure functions; families other than IPv4 and IPv6, and messages that are too short for
// what they are, give nothing.

import { bits, type Family, type IpAddress, readIpAddress } from "../../wire/ip-address.ts";
import { type Prefix, prefixOf } from "../../wire/prefix.ts";
import { type NetlinkMessage, readAttributes, viewOf } from "./netlink-bytes.ts";

/** A network interface. */
export interface Link {
  readonly kind: "link";
  readonly index: number;
  readonly name: string;
  /** In bytes. */
  readonly mtu: number;
  /** Six bytes for Ethernet; empty for what has none. */
  readonly mac: Uint8Array;
  /** Switched on. */
  readonly up: boolean;
  /** Switched on, and so is what it is connected to. */
  readonly running: boolean;
}

/** An address of the machine's own. */
export interface Address {
  readonly kind: "address";
  /** Index of the link that has it. */
  readonly link: number;
  readonly address: IpAddress;
  /** Of the subnet; 0 to 32, or 0 to 128. */
  readonly prefixLength: number;
}

export interface NextHop {
  /** Index of the link. */
  readonly link: number;
  /** Absent where destinations are neighbors themselves. May be IPv6 on a route of IPv4. */
  readonly gateway: IpAddress | undefined;
  /** Share of the traffic next to other hops, from 1. */
  readonly weight: number;
  /** Its link is down. */
  readonly dead: boolean;
}

export interface Route {
  readonly kind: "route";
  readonly destination: Prefix;
  /** What becomes of packets: "unicast" ones go to a next hop; "local" ones are for the machine. */
  readonly type: RouteType;
  /** 254 is the main one; 255 is the machine's own addresses. */
  readonly table: number;
  /** Of equal destinations the lowest counts. */
  readonly metric: number;
  /** Empty where packets go nowhere. */
  readonly hops: readonly NextHop[];
}

export type RouteType = "unicast" | "local" | "blackhole" | "unreachable" | "prohibit" | "other";

export interface Neighbor {
  readonly kind: "neighbor";
  /** Index of the link it is at. */
  readonly link: number;
  readonly address: IpAddress;
  /** Six bytes for Ethernet; empty while not known. */
  readonly mac: Uint8Array;
  /** Whether `mac` may be used. A "stale" one may: using it makes the kernel ask again. */
  readonly state: NeighborState;
}

export type NeighborState = "incomplete" | "reachable" | "stale" | "failed" | "permanent" | "none";

export type Fact = Link | Address | Route | Neighbor;

/** A fact that holds from now on, or no longer. */
export interface Change {
  readonly fact: Fact;
  readonly gone: boolean;
}

/** Message types: "new" of a kind, and with one added "gone". */
export const NEW_LINK = 16;
export const NEW_ADDRESS = 20;
export const NEW_ROUTE = 24;
export const NEW_NEIGHBOR = 28;

const PARSERS = new Map<number, (body: Uint8Array) => Fact | undefined>([
  [NEW_LINK, parseLink],
  [NEW_ADDRESS, parseAddress],
  [NEW_ROUTE, parseRoute],
  [NEW_NEIGHBOR, parseNeighbor],
]);

/** What the message says; undefined when it is about something else. */
export function parseChange({ type, body }: NetlinkMessage): Change | undefined {
  const parse = PARSERS.get(type & ~3);
  const fact = (type & 3) > 1 ? undefined : parse?.(body);
  return fact === undefined ? undefined : { fact, gone: (type & 1) === 1 };
}

const NOTHING = new Uint8Array(0);

const AF_BRIDGE = 7;
const IFF_UP = 1;
const IFF_LOWER_UP = 0x10000;

/** struct ifinfomsg: family u8, type u16, index i32, flags u32, change u32. */
function parseLink(body: Uint8Array): Link | undefined {
  if (body.length < 16 || body[0] === AF_BRIDGE) return undefined;
  const view = viewOf(body);
  const attributes = readAttributes(body, 16);
  const flags = view.getUint32(8, true);
  return {
    kind: "link",
    index: view.getInt32(4, true),
    name: text(attributes.get(3)),
    mtu: word(attributes.get(4)) ?? 0,
    mac: attributes.get(1)?.slice() ?? NOTHING,
    up: (flags & IFF_UP) !== 0,
    running: (flags & IFF_UP) !== 0 && (flags & IFF_LOWER_UP) !== 0,
  };
}

/** struct ifaddrmsg: family u8, prefix length u8, flags u8, scope u8, index u32. */
function parseAddress(body: Uint8Array): Address | undefined {
  const family = familyOf(body, 8);
  if (family === undefined) return undefined;
  const attributes = readAttributes(body, 8);
  // On a link between two ends attribute 1 is the other end's.
  const address = addressIn(attributes.get(2) ?? attributes.get(1), family);
  if (address === undefined) return undefined;
  const link = viewOf(body).getUint32(4, true);
  return { kind: "address", link, address, prefixLength: body[1]! };
}

const ROUTE_TYPES: ReadonlyMap<number, RouteType> = new Map([
  [1, "unicast"],
  [2, "local"],
  [6, "blackhole"],
  [7, "unreachable"],
  [8, "prohibit"],
]);
/** Not a route but what was found by one. */
const CLONED = 0x200;

/** struct rtmsg: family, destination and source length, tos, table, protocol, scope, type (u8
 * each), flags u32. */
function parseRoute(body: Uint8Array): Route | undefined {
  const family = familyOf(body, 12);
  if (family === undefined || body[1]! > bits(family)) return undefined;
  if ((viewOf(body).getUint32(8, true) & CLONED) !== 0) return undefined;
  const attributes = readAttributes(body, 12);
  const destination = addressIn(attributes.get(1), family) ?? { family, value: 0n };
  return {
    kind: "route",
    destination: prefixOf(destination, body[1]!),
    type: ROUTE_TYPES.get(body[7]!) ?? "other",
    table: word(attributes.get(15)) ?? body[4]!,
    metric: word(attributes.get(6)) ?? 0,
    hops: hopsOf(attributes, family),
  };
}

const DEAD = 1 | 16;

function hopsOf(attributes: ReadonlyMap<number, Uint8Array>, family: Family): NextHop[] {
  const several = attributes.get(9);
  if (several !== undefined) return severalHops(several, family);
  const link = word(attributes.get(4));
  if (link === undefined) return [];
  return [{ link, gateway: gatewayOf(attributes, family), weight: 1, dead: false }];
}

/** struct rtnexthop: length u16, flags u8, weight less one u8, index i32; then attributes. */
function severalHops(bytes: Uint8Array, family: Family): NextHop[] {
  const hops: NextHop[] = [];
  const view = viewOf(bytes);
  for (let at = 0; at + 8 <= bytes.length; ) {
    const length = view.getUint16(at, true);
    if (length < 8 || at + length > bytes.length) break;
    hops.push({
      link: view.getInt32(at + 4, true),
      gateway: gatewayOf(readAttributes(bytes.subarray(at, at + length), 8), family),
      weight: bytes[at + 3]! + 1,
      dead: (bytes[at + 2]! & DEAD) !== 0,
    });
    at += (length + 3) & ~3;
  }
  return hops;
}

/** Attribute 5, or 18 when it is of another family, which then stands first. */
function gatewayOf(
  attributes: ReadonlyMap<number, Uint8Array>,
  family: Family,
): IpAddress | undefined {
  const via = attributes.get(18);
  if (via === undefined || via.length < 2) return addressIn(attributes.get(5), family);
  const other = FAMILIES.get(viewOf(via).getUint16(0, true));
  return other === undefined ? undefined : addressIn(via.subarray(2), other);
}

const STATES: readonly (readonly [mask: number, state: NeighborState])[] = [
  [0x80 | 0x40, "permanent"],
  [0x20, "failed"],
  [0x02, "reachable"],
  // Delay and probe: it is being asked, and used meanwhile.
  [0x04 | 0x08 | 0x10, "stale"],
  [0x01, "incomplete"],
];

/** struct ndmsg: family u8, index i32@4, state u16@8, flags u8, type u8. */
function parseNeighbor(body: Uint8Array): Neighbor | undefined {
  const family = familyOf(body, 12);
  if (family === undefined) return undefined;
  const attributes = readAttributes(body, 12);
  const address = addressIn(attributes.get(1), family);
  if (address === undefined) return undefined;
  const view = viewOf(body);
  const state = view.getUint16(8, true);
  return {
    kind: "neighbor",
    link: view.getInt32(4, true),
    address,
    mac: attributes.get(2)?.slice() ?? NOTHING,
    state: STATES.find(([mask]) => (state & mask) !== 0)?.[1] ?? "none",
  };
}

const FAMILIES: ReadonlyMap<number, Family> = new Map([
  [2, 4],
  [10, 6],
]);

/** Of a body that has at least `size` bytes. */
function familyOf(body: Uint8Array, size: number): Family | undefined {
  return body.length < size ? undefined : FAMILIES.get(body[0]!);
}

function addressIn(value: Uint8Array | undefined, family: Family): IpAddress | undefined {
  if (value === undefined || value.length < bits(family) / 8) return undefined;
  return readIpAddress(value, 0, family);
}

function word(value: Uint8Array | undefined): number | undefined {
  return value === undefined || value.length < 4 ? undefined : viewOf(value).getUint32(0, true);
}

/** Ends at the first zero byte. */
function text(value: Uint8Array | undefined): string {
  return new TextDecoder().decode(value ?? NOTHING).replace(/\0.*$/, "");
}
