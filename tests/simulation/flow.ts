// A flow of the oracle: who it is, in which state, and until when it lives. RFC 5382 (REQ-2, REQ-5),
// RFC 4787 (REQ-5), RFC 5508 (REQ-2), RFC 5961 (3.2), RFC 7857 (2.1, 2.2).

import type { Address } from "./address.ts";
import type { Rewrite } from "./expected.ts";
import { TCP, type TimesModel, UDP } from "./model.ts";
import { ACK, FIN, type Packet, RST, SYN } from "./packet.ts";
import type { Mapping } from "./pools.ts";
import type { Direction } from "./routes.ts";

export type State =
  | "one-way"
  | "two-way"
  | "established"
  | "original-closing"
  | "reply-closing"
  | "original-half-closed"
  | "reply-half-closed"
  | "last-ack"
  | "closed"
  | "reset";

/** One direction of a flow, and what its packets become. */
export interface Way {
  readonly flow: Flow;
  readonly original: boolean;
  readonly key: string;
  readonly from: number;
  readonly to: number;
  readonly source: Address;
  readonly destination: Address;
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** What its packets become: the reverse of the other way's. */
  becomes: Rewrite;
  /** Where it goes by today's configuration, and whether its sender hides behind the flow. */
  direction: Direction;
  hides: boolean;
  /** The tick until which its own packets keep the flow alive. */
  deadline: number;
  /** TCP: what its sender acknowledged last, if anything yet, and how far behind it takes data. */
  acknowledged: number | undefined;
  window: number;
  scale: number;
}

export interface Flow {
  readonly v6: boolean;
  readonly protocol: number;
  readonly ways: [Way, Way];
  state: State;
  /** Ticks that it may be idle when established. */
  idle: number;
  /** The public endpoint of its opener, and the one it was sent to, if chosen. */
  readonly mapping: Mapping | undefined;
  readonly receiver: Mapping | undefined;
  /** Whom it is counted for. */
  host: string | undefined;
  /** Its place in the list of all flows. */
  place: number;
  /** The gateway needed room: a flow that is over may have been given up. */
  pressed: boolean;
  /** Since which batch it may be forgotten; -1: not yet. */
  doubtful: number;
}

export const TICK = 100;

export function ticks(millis: number): number {
  return Math.ceil(millis / TICK);
}

export function deadline({ ways: [original, reply] }: Flow): number {
  return Math.max(original.deadline, reply.deadline);
}

export function isAlive(flow: Flow, tick: number): boolean {
  return deadline(flow) > tick;
}

/** Whether the gateway certainly still knows it, alive or at rest. */
export function isKnown(flow: Flow, tick: number, rest: number): boolean {
  const end = deadline(flow);
  if (end > tick) return true;
  if (flow.pressed || (flow.mapping === undefined && flow.receiver === undefined)) return false;
  return end + rest > tick;
}

/** Ticks that a flow may be idle in a state; of an established one by its own time. */
export function idleTicks(times: TimesModel, protocol: number, state: State): number {
  if (protocol === UDP) return ticks(state === "one-way" ? times.unanswered : times.udp);
  if (protocol !== TCP) return ticks(times.query);
  if (state === "one-way" || state === "two-way") return ticks(times.opening);
  return ticks(state === "established" ? times.established : times.closing);
}

/** A packet of the flow passes. Idle times count from the tick `since`. */
export function follow(way: Way, packet: Packet, times: TimesModel, since: number): void {
  const { flow } = way;
  const { flags } = packet;
  if (flow.state === "established" && (flags & (SYN | FIN | RST)) === 0) {
    way.deadline = since + flow.idle;
  } else {
    if ((flags & SYN) !== 0) way.scale = windowScale(packet);
    const before = flow.state;
    flow.state = packet.protocol === TCP ? nextOfTcp(way, packet) : nextOfPlain(way);
    const established = flow.state === "established";
    const idle = established ? flow.idle : idleTicks(times, flow.protocol, flow.state);
    way.deadline = since + idle;
    if (flow.state !== before) otherWay(way).deadline = since + idle;
  }
  if (packet.protocol === TCP) noteWindow(way, packet);
}

export function otherWay({ flow, original }: Way): Way {
  return flow.ways[original ? 1 : 0];
}

function nextOfPlain({ flow, original }: Way): State {
  if (flow.state === "one-way") return original ? "one-way" : "two-way";
  const establishes = flow.protocol === UDP && original;
  return flow.state === "two-way" && establishes ? "established" : flow.state;
}

function nextOfTcp(way: Way, packet: Packet): State {
  const { flow, original } = way;
  const { flags } = packet;
  const [syn, ack, fin] = [(flags & SYN) !== 0, (flags & ACK) !== 0, (flags & FIN) !== 0];
  if ((flags & (SYN | ACK | RST | FIN)) === SYN && beginsAnew(way)) {
    return original ? "one-way" : "two-way";
  }
  if ((flags & (RST | FIN)) !== 0 && !isBelievable(otherWay(way), packet)) return flow.state;
  if ((flags & RST) !== 0) return nextOfReset(flow.state);
  // If somebody goes on the reset was not meant.
  if (flow.state === "reset" && !syn) return firstOf(original, fin);
  if (isClosing(flow.state)) return nextClosing(flow.state, original, ack, fin);
  if (flow.state === "one-way") return !original && (syn || ack) ? "two-way" : "one-way";
  if (flow.state === "two-way" && (!original || !ack || syn)) return "two-way";
  return firstOf(original, fin);
}

function firstOf(original: boolean, fin: boolean): State {
  if (!fin) return "established";
  return original ? "original-closing" : "reply-closing";
}

function nextOfReset(state: State): State {
  return state === "established" || state === "reset" ? "reset" : "closed";
}

/** A SYN alone: what its side has acknowledged was of another connection. Whether the flow is one
 * again: once it is closing to its opener, once it is closed to both. */
function beginsAnew(way: Way): boolean {
  const { state } = way.flow;
  way.acknowledged = undefined;
  const over = state === "closed" || state === "reset";
  if (way.original ? !isClosing(state) : !over) return false;
  otherWay(way).acknowledged = undefined;
  return true;
}

function isClosing(state: State): boolean {
  return state !== "one-way" && state !== "two-way" && state !== "established";
}

/** From the first FIN on: the other side acknowledges it, closes too, and that is acknowledged. */
function nextClosing(state: State, original: boolean, ack: boolean, fin: boolean): State {
  const first = state.startsWith("original") ? original : !original;
  if (state === "original-closing" || state === "reply-closing") {
    if (first || !ack) return state;
    if (fin) return "last-ack";
    return state === "original-closing" ? "original-half-closed" : "reply-half-closed";
  }
  if (state.endsWith("half-closed")) return !first && fin ? "last-ack" : state;
  return state === "last-ack" && ack && !fin ? "closed" : state;
}

/** A reset or FIN must lie in the window of who gets it, once that has told one. */
function isBelievable({ acknowledged, window }: Way, packet: Packet): boolean {
  if (acknowledged === undefined) return true;
  const distance = (packet.view.getUint32(packet.l4 + 4) - acknowledged) | 0;
  // A FIN may come again when it has been acknowledged.
  return distance >= ((packet.flags & RST) !== 0 ? 0 : -1) && distance <= Math.max(window, 1);
}

function noteWindow(way: Way, { view, l4, flags }: Packet): void {
  way.window = view.getUint16(l4 + 14) << ((flags & SYN) !== 0 ? 0 : way.scale);
  if ((flags & ACK) !== 0) way.acknowledged = view.getUint32(l4 + 8);
}

/** Hosts of the world put the option first if they have it. */
function windowScale({ view, l4 }: Packet): number {
  const options = (view.getUint8(l4 + 12) >>> 4) * 4 > 20;
  const found = options && view.getUint8(l4 + 20) === 3;
  return found ? Math.min(view.getUint8(l4 + 22), 14) : 0;
}
