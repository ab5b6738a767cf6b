// Series of frames as inputs: how they are written down, and how they are changed.

import type { Random } from "../../../src/base/random.ts";
import { dissect } from "../../../src/wire/dissect.ts";
import { ethernetFrame, vxlanFrame } from "../../support/frames.ts";
import { damage } from "../mutate-bytes.ts";
import { answerPacket, quotePacket, repairChecksums, setField } from "./packet-fields.ts";
import { makePacket } from "./packet-makers.ts";

/** A frame that arrives. */
export interface Arrival {
  /** Which interface, or RELOAD: then another configuration is applied. */
  readonly port: number;
  /** Milliseconds after the one before; 0: in one batch with it. */
  readonly after: number;
  readonly frame: Uint8Array;
}

/** Interfaces, by number: VXLAN alone, Ethernet of the first VPC with VXLAN, raw IP of each VPC,
 * Ethernet of the second, raw IP with VXLAN. */
export const TUNNEL = 0;
export const ETHERNET_A = 1;
export const FIRST_RAW = 2;
export const ETHERNET_B = 6;
export const RAW_TUNNEL = 7;
const PORTS = 8;
/** VPCs have this VNI and the next. */
export const FIRST_VNI = 100;
export const RELOAD = 255;
const ARRIVALS_MAX = 12;
const FRAME_MAX = 1600;
const SECOND = 1000;
const PAUSES = [1, 100, SECOND, 60 * SECOND, 121 * SECOND, 301 * SECOND, 8000 * SECOND];

/** One line for each: interface, pause, bytes. */
export function writeArrivals(arrivals: readonly Arrival[]): Uint8Array {
  const lines = arrivals.map(({ port, after, frame }) => {
    return `${port} ${after} ${Buffer.from(frame).toString("hex")}\n`;
  });
  return new TextEncoder().encode(lines.join(""));
}

export function readArrivals(file: Uint8Array): Arrival[] {
  const lines = new TextDecoder().decode(file).split("\n").filter(Boolean);
  return lines.map((line) => {
    const [port = "", after = "", hex = ""] = line.split(" ");
    const frame = Uint8Array.from(Buffer.from(hex, "hex"));
    return { port: Number(port), after: Number(after), frame };
  });
}

/** Where the packet between VPCs should start in the frame: its interface says. */
export function packetAt({ port, frame }: Arrival): number {
  if (isRaw(port)) return 0;
  if (port === RAW_TUNNEL) return frame[22] === 0x12 && frame[23] === 0xb5 ? 50 : 0;
  return frame[36] === 0x12 && frame[37] === 0xb5 ? 64 : 14;
}

function isRaw(port: number): boolean {
  return port >= FIRST_RAW && port < FIRST_RAW + 4;
}

/** The packet as one of the interfaces of its VPC has it. */
function wrap(vpc: number, packet: Uint8Array, random: Random): Pick<Arrival, "port" | "frame"> {
  const padTo = random.below(2) * 60;
  const plain = ethernetFrame(packet, { padTo, vlans: random.below(8) === 0 ? [7] : [] });
  const kind = random.below(8);
  if (kind < 3) return { port: FIRST_RAW + vpc, frame: packet };
  if (vpc === 0 && kind === 3) return { port: ETHERNET_A, frame: plain };
  if (vpc === 1 && kind < 5) return { port: ETHERNET_B, frame: plain };
  const tunnelled = vxlanFrame(FIRST_VNI + vpc, plain);
  if (kind === 5) return { port: RAW_TUNNEL, frame: tunnelled.subarray(14) };
  return { port: TUNNEL, frame: tunnelled };
}

export function mutateArrivals(
  arrivals: readonly Arrival[],
  others: readonly Arrival[],
  random: Random,
): readonly Arrival[] {
  const at = random.below(Math.max(arrivals.length, 1));
  const one = arrivals[at];
  const kind = random.below(32);
  if (one === undefined || kind < 3) return withMore(arrivals, at, fresh(random));
  if (kind < 20) return arrivals.with(at, { ...one, frame: mutateFrame(one, others, random) });
  if (kind < 22) return withMore(arrivals, arrivals.length, one);
  if (kind < 24) return arrivals.length > 1 ? arrivals.toSpliced(at, 1) : arrivals;
  if (kind < 26) return splice(arrivals, others, random);
  if (kind === 26) return arrivals.with(at, { ...one, port: random.below(PORTS) });
  if (kind < 29) return arrivals.with(at, { ...one, after: pause(random) });
  if (kind === 29 && random.below(4) === 0) {
    return withMore(arrivals, at, { port: RELOAD, after: 1, frame: new Uint8Array(0) });
  }
  const make = kind < 31 ? answerPacket : quotePacket;
  return withMore(arrivals, at + 1, answerTo(one, make, random));
}

function withMore(arrivals: readonly Arrival[], at: number, one: Arrival): readonly Arrival[] {
  if (arrivals.length >= ARRIVALS_MAX) return arrivals.with(at % ARRIVALS_MAX, one);
  return arrivals.toSpliced(at, 0, one);
}

function pause(random: Random): number {
  return random.below(4) > 0 ? 0 : PAUSES[random.below(PAUSES.length)]!;
}

function fresh(random: Random): Arrival {
  const { vpc, packet } = makePacket(random);
  return { after: pause(random), ...wrap(vpc, packet, random) };
}

function splice(
  arrivals: readonly Arrival[],
  others: readonly Arrival[],
  random: Random,
): readonly Arrival[] {
  const from = random.below(Math.max(others.length, 1));
  const piece = others.slice(from, from + 3);
  return [...arrivals, ...piece].slice(-ARRIVALS_MAX);
}

/** Bytes or fields of the frame; then, more often than not, right checksums again. */
function mutateFrame(one: Arrival, others: readonly Arrival[], random: Random): Uint8Array {
  const at = packetAt(one);
  const other = others[random.below(others.length || 1)]?.frame ?? one.frame;
  const blunt = random.below(3) === 0;
  const frame = blunt ? damage(one.frame, other, random) : one.frame.slice();
  const packet = frame.subarray(at);
  if (!blunt && dissect(packet) !== undefined) setField(packet, random);
  if (random.below(3) > 0) repairChecksums(packet);
  return frame.subarray(0, FRAME_MAX);
}

/** From any VPC: whose turn it is the frame does not say. */
function answerTo(
  one: Arrival,
  make: (packet: Uint8Array) => Uint8Array | undefined,
  random: Random,
): Arrival {
  const packet = make(one.frame.subarray(packetAt(one)));
  if (packet === undefined) return fresh(random);
  return { after: pause(random), ...wrap(random.below(4), packet, random) };
}
