// Two VPCs with the same addresses, each on an interface of a gateway in memory.

import assert from "node:assert/strict";
import { describeArp, readArp } from "../../src/wire/arp.ts";
import { parseIpAddress } from "../../src/wire/ip-address.ts";
import { formatMac } from "../../src/wire/mac.ts";
import { describeNeighborMessage, readNeighborMessage } from "../../src/wire/neighbor-discovery.ts";
import { buildPacket, describePacket, parsePacket } from "../../src/wire/notation.ts";
import { LiveGateway, macOf, type SentFrame } from "../support/live-gateway.ts";

export const CONFIG = `
vpcs: { blue: { vni: 101 }, green: { vni: 102 } }
peerings:
  p:
    peering:
      blue:
        expose:
          - { ips: [{ cidr: 10.0.0.0/24 }], as: [{ cidr: 192.0.2.0/24 }], nat: { static: {} } }
          - { ips: [{ cidr: "2001:db8:1::/64" }], as: [{ cidr: "2001:db8:a::/64" }], nat: { static: {} } }
      green:
        expose:
          - { ips: [{ cidr: 10.0.0.0/16 }], as: [{ cidr: 198.51.0.0/16 }], nat: { static: {} } }
          - { ips: [{ cidr: "2001:db8:1::/64" }], as: [{ cidr: "2001:db8:b::/64" }], nat: { static: {} } }
isthmus:
  attachments:
    - { vpc: blue, interface: b0, address: 10.0.0.1/24 }
    - { vpc: blue, interface: b0, address: "2001:db8:1::1/64" }
    - { vpc: green, interface: g0, address: 10.0.0.1/24 }
    - { vpc: green, interface: g0, address: "2001:db8:1::1/64" }
  routes:
    - { vpc: green, to: 10.0.9.0/24, via: 10.0.0.9 }
`;
export const GW = { b0: "02:00:00:00:00:b0", g0: "02:00:00:00:00:90" };
export const HOST = "02:00:00:00:00:04";
export const SERVER = "02:00:00:00:00:08";
export const PORTS = [
  { name: "b0", mac: GW.b0, vpc: "blue" },
  { name: "g0", mac: GW.g0, vpc: "green" },
];

/** With what is said at start done. */
export function start(): LiveGateway {
  const live = new LiveGateway(CONFIG, PORTS);
  for (let i = 0; i < 20; i++) live.wait(1000);
  return live;
}

export function frame(from: string, to: string, notation: string): Uint8Array {
  const packet = buildPacket(parsePacket(notation));
  const bytes = new Uint8Array(14 + packet.length);
  bytes.set(macOf(to));
  bytes.set(macOf(from), 6);
  new DataView(bytes.buffer).setUint16(12, packet[0]! >>> 4 === 6 ? 0x86dd : 0x0800);
  bytes.set(packet, 14);
  return bytes;
}

export function ip(text: string) {
  return parseIpAddress(text)!;
}

/** "b0 02:… udp …", or what the neighbors say. */
export function tell({ port, frame: bytes }: SentFrame): string {
  const view = new DataView(bytes.buffer);
  const to = formatMac(bytes);
  const body = bytes.subarray(14);
  const type = view.getUint16(12);
  assert.ok(type === 0x0806 || type === (body[0]! >>> 4 === 6 ? 0x86dd : 0x0800), `${type}`);
  if (view.getUint16(12) === 0x0806) return `${port} ${to} ${describeArp(readArp(body)!)}`;
  const discovery = body[0]! >>> 4 === 6 && body[6] === 58 && readNeighborMessage(body.slice(40));
  if (discovery) return `${port} ${to} ${describeNeighborMessage(discovery)}`;
  return `${port} ${to} ${describePacket(body)}`;
}

export const UDP = "udp 10.0.0.4:3000 > 198.51.0.8:53";
export const TRANSLATED = `g0 ${SERVER} udp 192.0.2.4:3000 > 10.0.0.8:53`;
