// ARP for IPv4 over Ethernet (RFC 826): who has this address?

import { formatIpAddress, type IpAddress, readIpAddress, writeIpAddress } from "./ip-address.ts";
import { formatMac } from "./mac.ts";

export const ETHERTYPE_ARP = 0x0806;
export const ARP_LENGTH = 28;

const HARDWARE_ETHERNET = 1;
const PROTOCOL_IPV4 = 0x0800;
const REQUEST = 1;
const REPLY = 2;

export interface Arp {
  readonly operation: "request" | "reply";
  readonly senderMac: Uint8Array;
  readonly senderAddress: IpAddress;
  /** Zero in a request. */
  readonly targetMac: Uint8Array;
  readonly targetAddress: IpAddress;
}

/** Reads the message behind the Ethernet header; undefined when it is cut short or another. */
export function readArp(message: Uint8Array): Arp | undefined {
  if (message.length < ARP_LENGTH) return undefined;
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  const ethernet = view.getUint16(0) === HARDWARE_ETHERNET && view.getUint8(4) === 6;
  const ipv4 = view.getUint16(2) === PROTOCOL_IPV4 && view.getUint8(5) === 4;
  const operation = view.getUint16(6);
  if (!ethernet || !ipv4 || (operation !== REQUEST && operation !== REPLY)) return undefined;
  return {
    operation: operation === REQUEST ? "request" : "reply",
    senderMac: message.slice(8, 14),
    senderAddress: readIpAddress(message, 14, 4),
    targetMac: message.slice(18, 24),
    targetAddress: readIpAddress(message, 24, 4),
  };
}

/** The 28 bytes of the message. */
export function buildArp(arp: Arp): Uint8Array {
  const message = new Uint8Array(ARP_LENGTH);
  const view = new DataView(message.buffer);
  view.setUint16(0, HARDWARE_ETHERNET);
  view.setUint16(2, PROTOCOL_IPV4);
  view.setUint8(4, 6);
  view.setUint8(5, 4);
  view.setUint16(6, arp.operation === "request" ? REQUEST : REPLY);
  message.set(arp.senderMac, 8);
  writeIpAddress(message, 14, arp.senderAddress);
  message.set(arp.targetMac, 18);
  writeIpAddress(message, 24, arp.targetAddress);
  return message;
}

/** One line for people. */
export function describeArp(arp: Arp): string {
  const [sender, target] = [arp.senderAddress, arp.targetAddress].map(formatIpAddress);
  if (arp.operation === "reply") return `arp ${sender} is at ${formatMac(arp.senderMac)}`;
  return `arp who has ${target}, tell ${sender}`;
}
