// Sockets that carry frames: packet(7).

import type { NetworkInterface } from "./interface.ts";
import type { System } from "./sys.ts";
import { must } from "./system-error.ts";

const AF_PACKET = 17;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const SOL_SOCKET = 1;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
const SOL_PACKET = 263;
const SOCKADDR_LL = 20;

const ADD_MEMBERSHIP = 1;
const PROMISCUOUS = 1;
const ALL_GROUPS = 2;
export const RX_RING = 5;
const STATISTICS = 6;
export const COPY_THRESH = 7;
export const RESERVE = 12;
export const VERSION = 10;
export const VNET_HDR = 15;
export const IGNORE_OUTGOING = 23;

/** Every protocol, in network byte order. */
export const ALL_PROTOCOLS = 0x0300;
/** Receives nothing. */
export const NO_PROTOCOL = 0;

/** Bound to nothing yet, and silent. Throws a SystemError, EPERM without CAP_NET_RAW. */
export function openPacketSocket(system: System, what: string): number {
  return must(system.socket(AF_PACKET, SOCK_RAW_CLOEXEC, NO_PROTOCOL), `packet socket ${what}`);
}

export function setPacketOption(
  system: System,
  fd: number,
  option: number,
  words: readonly number[],
  what: string,
): void {
  const value = new Uint8Array(Int32Array.from(words).buffer);
  must(system.setsockopt(fd, SOL_PACKET, option, value), what);
}

export interface WiderReach {
  /** Also frames for other MAC addresses than the interface's. */
  readonly promiscuous?: boolean | undefined;
  /** Also frames for any group. Without, a network card leaves out those for groups that the kernel
   * is not in, as are those that neighbors ask by (RFC 4861, 7.2.2). */
  readonly allGroups?: boolean | undefined;
}

/** What the interface lets in, as long as the socket is open. Throws a SystemError. */
export function reachWider(
  system: System,
  fd: number,
  { index, name }: NetworkInterface,
  { promiscuous, allGroups }: WiderReach,
): void {
  // struct packet_mreq: interface, type, and an address that these types have none of.
  const add = (type: number, what: string) =>
    setPacketOption(system, fd, ADD_MEMBERSHIP, [index, type, 0, 0], `${what} ${name}`);
  if (promiscuous) add(PROMISCUOUS, "promiscuous");
  if (allGroups) add(ALL_GROUPS, "all groups");
}

/** Frames that found no room in the ring since the last time it was asked. */
export function takeDrops(system: System, fd: number): number {
  // struct tpacket_stats: all frames, those dropped. It stays zero should the call fail.
  const value = new Uint32Array(2);
  system.getsockopt(fd, SOL_PACKET, STATISTICS, new Uint8Array(value.buffer));
  return value[1]!;
}

/** In bytes; may be more than an ordinary user may have. */
export function setBuffer(
  system: System,
  fd: number,
  direction: "send" | "receive",
  bytes: number,
): void {
  const option = direction === "send" ? SO_SNDBUFFORCE : SO_RCVBUFFORCE;
  const value = new Uint8Array(Int32Array.of(bytes).buffer);
  must(system.setsockopt(fd, SOL_SOCKET, option, value), `${direction} buffer`);
}

/** From now on frames come in, of `protocol` (network byte order), and go out there. */
export function bindPacketSocket(
  system: System,
  fd: number,
  protocol: number,
  { index, name }: NetworkInterface,
): void {
  const address = new Uint8Array(SOCKADDR_LL);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_PACKET, true);
  view.setUint16(2, protocol, true);
  view.setInt32(4, index, true);
  must(system.bind(fd, address), `bind ${name}`);
}
