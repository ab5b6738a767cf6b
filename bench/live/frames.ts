// What the sender sends: one UDP packet of many flows, told apart by a source port each.

import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { HOSTS, INNER_MACS, MACS, type Scenario, VNIS, VTEPS } from "./topology.ts";

export const FLOWS = 256;
/** Source ports are from here on: of packets, and of the tunnel around each. */
const FIRST_PORT = 20_000;
const FIRST_OUTER_PORT = 50_000;
const ETHERNET = 14;
const IP_AND_UDP = 28;
/** Ethernet, IPv4, UDP, VXLAN. */
const TUNNEL = 50;

export interface FrameTemplate {
  readonly bytes: Uint8Array;
  /** Headers with all before them; a multiple of 4. What follows, nobody on the way looks at. */
  readonly headers: number;
  /** Fields of two bytes that differ between flows: flow n has `first` plus n times `step`. */
  readonly fields: readonly {
    readonly at: number;
    readonly first: number;
    readonly step: number;
  }[];
}

/** Its innermost Ethernet frame has `length` bytes, without the checksum that hardware adds. */
export function frameTemplate(scenario: Scenario, length: number): FrameTemplate {
  const cable = scenario === "cable";
  const [from, to] = cable ? [MACS.near0, MACS.blue0] : [INNER_MACS.blue, INNER_MACS.gateway];
  const inner = ethernet(from, to, udp(HOSTS.blue, HOSTS.green, FIRST_PORT, 4000, length));
  const at = cable ? 0 : TUNNEL;
  const bytes = cable ? inner : tunnel(inner);
  const l4 = at + ETHERNET + 20;
  const checksum = new DataView(bytes.buffer).getUint16(l4 + 6);
  // As the port grows the checksum falls, so that all are right: RFC 1624, without a carry.
  if (checksum <= FLOWS) throw new Error("the template's checksum leaves no room");
  const fields = [
    { at: l4, first: FIRST_PORT, step: 1 },
    { at: l4 + 6, first: checksum, step: -1 },
  ];
  if (!cable) fields.push({ at: ETHERNET + 20, first: FIRST_OUTER_PORT, step: 1 });
  return { bytes, headers: (at + ETHERNET + IP_AND_UDP + 3) & ~3, fields };
}

function udp(from: string, to: string, source: number, destination: number, frame: number) {
  const length = frame - ETHERNET;
  return buildPacket(parsePacket(`udp ${from}:${source} > ${to}:${destination} len=${length}`));
}

function tunnel(inner: Uint8Array): Uint8Array {
  const { blue, gateway } = VTEPS;
  const length = TUNNEL - ETHERNET + inner.length;
  const text = `udp ${blue}:${FIRST_OUTER_PORT} > ${gateway}:4789 len=${length} checksum=0`;
  const packet = buildPacket(parsePacket(text));
  const view = new DataView(packet.buffer);
  view.setUint32(IP_AND_UDP, 0x0800_0000);
  view.setUint32(IP_AND_UDP + 4, VNIS.blue << 8);
  packet.set(inner, IP_AND_UDP + 8);
  return ethernet(MACS.near0, MACS.blue0, packet);
}

function ethernet(from: string, to: string, packet: Uint8Array): Uint8Array {
  const frame = new Uint8Array(ETHERNET + packet.length);
  frame.set([...macBytes(to), ...macBytes(from), 0x08, 0x00]);
  frame.set(packet, ETHERNET);
  return frame;
}

export function macBytes(text: string): readonly number[] {
  return text.split(":").map((part) => Number.parseInt(part, 16));
}
