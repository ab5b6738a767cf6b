// The frames that neighbors exchange: Ethernet around ARP (RFC 826) and around the messages of
// neighbor discovery (RFC 4861), read and written.

import { buildArp, ETHERTYPE_ARP, readArp } from "../wire/arp.ts";
import { checksumOf, pseudoHeaderSum, sumBytes } from "../wire/checksum.ts";
import { type IpAddress, readIpAddress, writeIpAddress } from "../wire/ip-address.ts";
import {
  buildNeighborMessage,
  FROM_ROUTER,
  OVERRIDE,
  readNeighborMessage,
  SOLICITED,
} from "../wire/neighbor-discovery.ts";

export const BROADCAST = new Uint8Array(6).fill(0xff);
const NOBODY = new Uint8Array(6);
const ETHERTYPE_IPV6 = 0x86dd;
const ICMPV6 = 58;
const HEADER = 14;
const ALL_NODES: IpAddress = { family: 6, value: 0xff020000000000000000000000000001n };
const SOLICITED_NODES = 0xff0200000000000000000001ff000000n;

/** What a neighbor says, in either protocol. */
export interface NeighborNews {
  readonly kind: "question" | "answer";
  /** Who is asked for, or whose MAC address is told. */
  readonly target: IpAddress;
  /** Who says it; undefined for one that has no address yet (RFC 5227; RFC 4862, 5.4). */
  readonly sender: IpAddress | undefined;
  /** The sender's (in an answer the target's) MAC address; undefined when it is not told. */
  readonly mac: Uint8Array | undefined;
  /** Whether it replaces what was known. */
  readonly override: boolean;
}

/** Reads a frame without VLAN tag; undefined when it is no such message, or not a valid one, or
 * tells a MAC address that no host has: nobody is believed to be a group (RFC 1812, 3.3.2). */
export function readNews(frame: Uint8Array): NeighborNews | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  if (frame.length < HEADER) return undefined;
  const message = frame.subarray(HEADER);
  const isArp = view.getUint16(12) === ETHERTYPE_ARP;
  const news = isArp ? readArpNews(message) : readDiscoveryNews(message);
  return news?.mac === undefined || isHosts(news.mac) ? news : undefined;
}

function isHosts(mac: Uint8Array): boolean {
  return (mac[0]! & 1) === 0 && mac.some((byte) => byte !== 0);
}

function readArpNews(message: Uint8Array): NeighborNews | undefined {
  const arp = readArp(message);
  if (arp === undefined) return undefined;
  const { operation, senderAddress, senderMac, targetAddress } = arp;
  const sender = senderAddress.value === 0n ? undefined : senderAddress;
  const announces = sender !== undefined && sender.value === targetAddress.value;
  if (operation === "reply" || announces) {
    if (sender === undefined) return undefined;
    return { kind: "answer", target: sender, sender, mac: senderMac, override: true };
  }
  return { kind: "question", target: targetAddress, sender, mac: senderMac, override: false };
}

/** Only from the link itself: nobody else can send with a hop limit of 255. All that RFC 4861, 7.1
 * asks for is looked at. */
function readDiscoveryNews(packet: Uint8Array): NeighborNews | undefined {
  if (packet.length < 40 || packet[6] !== ICMPV6 || packet[7] !== 255) return undefined;
  const length = (packet[4]! << 8) | packet[5]!;
  const message = packet.subarray(40, 40 + length);
  const sum = pseudoHeaderSum(packet.subarray(8, 40), ICMPV6, length) + sumBytes(message);
  if (message.length !== length || checksumOf(sum) !== 0 || message[1] !== 0) return undefined;
  const said = readNeighborMessage(message);
  if (said?.target === undefined || isGroup(said.target)) return undefined;
  const { target, linkLayer: mac, flags } = said;
  const from = readIpAddress(packet, 8, 6);
  const to = readIpAddress(packet, 24, 6);
  const sender = from.value === 0n ? undefined : from;
  if (said.kind === "neighbor-solicitation") {
    const toItsGroup = to.value >> 24n === SOLICITED_NODES >> 24n;
    if (sender === undefined && (mac !== undefined || !toItsGroup)) return undefined;
    return { kind: "question", target, sender, mac, override: false };
  }
  if (isGroup(to) && (flags & SOLICITED) !== 0) return undefined;
  return { kind: "answer", target, sender, mac, override: (flags & OVERRIDE) !== 0 };
}

function isGroup({ value }: IpAddress): boolean {
  return value >> 120n === 0xffn;
}

/** Asks who has `target`: everybody, or only the one with that MAC address. */
export function buildQuestion(
  target: IpAddress,
  from: IpAddress,
  mac: Uint8Array,
  asked: Uint8Array | undefined,
): Uint8Array {
  if (target.family === 4) {
    const message = { senderMac: mac, senderAddress: from, targetAddress: target };
    const arp = buildArp({ operation: "request", targetMac: NOBODY, ...message });
    return ethernet(asked ?? BROADCAST, mac, ETHERTYPE_ARP, arp);
  }
  const group: IpAddress = { family: 6, value: SOLICITED_NODES | (target.value & 0xffffffn) };
  const to = asked === undefined ? group : target;
  const message = buildNeighborMessage("neighbor-solicitation", target, mac);
  return discovery(asked ?? groupMac(group), mac, from, to, message);
}

/** Tells `to` (undefined: everybody) that `target` is at `mac`. */
export function buildAnswer(
  target: IpAddress,
  mac: Uint8Array,
  to: { readonly address: IpAddress; readonly mac: Uint8Array } | undefined,
): Uint8Array {
  if (target.family === 4) {
    const message = { senderMac: mac, senderAddress: target };
    const reply = to && {
      operation: "reply" as const,
      targetMac: to.mac,
      targetAddress: to.address,
    };
    const announcement = {
      operation: "request" as const,
      targetMac: NOBODY,
      targetAddress: target,
    };
    const arp = buildArp({ ...message, ...(reply ?? announcement) });
    return ethernet(to?.mac ?? BROADCAST, mac, ETHERTYPE_ARP, arp);
  }
  const flags = FROM_ROUTER | OVERRIDE | (to === undefined ? 0 : SOLICITED);
  const message = buildNeighborMessage("neighbor-advertisement", target, mac, flags);
  const receiver = to?.address ?? ALL_NODES;
  return discovery(to?.mac ?? groupMac(ALL_NODES), mac, target, receiver, message);
}

/** RFC 2464, 7. */
function groupMac({ value }: IpAddress): Uint8Array {
  const mac = Uint8Array.of(0x33, 0x33, 0, 0, 0, 0);
  new DataView(mac.buffer).setUint32(2, Number(value & 0xffffffffn));
  return mac;
}

/** An ICMPv6 message whose checksum is still 0, in all that goes around it. */
function discovery(
  destination: Uint8Array,
  source: Uint8Array,
  from: IpAddress,
  to: IpAddress,
  message: Uint8Array,
): Uint8Array {
  const packet = new Uint8Array(40 + message.length);
  const view = new DataView(packet.buffer);
  view.setUint32(0, 0x60000000);
  view.setUint16(4, message.length);
  view.setUint16(6, (ICMPV6 << 8) | 255);
  writeIpAddress(packet, 8, from);
  writeIpAddress(packet, 24, to);
  packet.set(message, 40);
  const sum = pseudoHeaderSum(packet.subarray(8, 40), ICMPV6, message.length) + sumBytes(message);
  view.setUint16(42, checksumOf(sum));
  return ethernet(destination, source, ETHERTYPE_IPV6, packet);
}

function ethernet(
  destination: Uint8Array,
  source: Uint8Array,
  type: number,
  payload: Uint8Array,
): Uint8Array {
  const frame = new Uint8Array(HEADER + payload.length);
  frame.set(destination);
  frame.set(source, 6);
  new DataView(frame.buffer).setUint16(12, type);
  frame.set(payload, HEADER);
  return frame;
}
