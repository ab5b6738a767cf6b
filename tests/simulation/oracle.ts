// A slow and obvious NAT of plain Maps. It is given what the gateway was given, in batches, and what
// the gateway made of it, and says the first thing that differs from what had to come. Where the
// gateway may choose, it learns the choice from what came out, and judges it (pools.ts).
//
// In a batch plain packets of established flows come first, the fast path; then all others find
// their flows; then flows begin; then packets are translated: docs/architecture.md.

import { answerKind } from "./answers.ts";
import { errorPasses, type Passage } from "./errors.ts";
import { Expected, type Rewrite } from "./expected.ts";
import { follow, isAlive, type Way } from "./flow.ts";
import { type ConfigModel, TCP, UDP } from "./model.ts";
import { asks, Difference, mayOpen, needsFlow, Opening, type Result } from "./opening.ts";
import { FIN, headerIntact, Packet, RST, SYN } from "./packet.ts";
import { type Reloaded, reload } from "./reload.ts";
import { chooseSource, type Direction, type Route, translated } from "./routes.ts";
import { State } from "./state.ts";

/** What the gateway said about a packet. */
export interface Outcome extends Result {
  readonly to?: string | undefined;
  readonly pieces: readonly { readonly packet: Uint8Array }[];
}

export interface Answer {
  readonly cause: number;
  readonly to: string;
  readonly packet: Uint8Array;
}

/** Packets between two VPCs. */
export interface Pair {
  packets: number;
  bytes: number;
  dropped: number;
}

/** The way of one packet of a batch, as far as it is known. */
interface Journey {
  /** Why it goes no further; "": it does. */
  drop: string;
  done: boolean;
  direction: Direction | undefined;
  way: Way | undefined;
  /** What it answers, when that is over. */
  expired: Way | undefined;
  from: Route | undefined;
  to: Route | undefined;
  passage: Passage | undefined;
}

export class Oracle {
  readonly state: State;
  readonly expected: Expected;
  /** By from and to: index * 256 + index. */
  readonly pairs = new Map<number, Pair>();
  readonly verdicts = new Map<string, number>();
  answered = 0;
  /** Pieces of packets that were cut, but for the first ones. */
  pieces = 0;
  /** Number of the packet in the batch that `judge` looks at. */
  at = 0;
  readonly #opening: Opening;
  readonly #journeys: Journey[];
  readonly #quoted: Packet;
  #tokens: number[] = [];
  #since: number[] = [];

  constructor(capacity: number, packetBytes: number) {
    this.state = new State(capacity);
    this.expected = new Expected(packetBytes);
    this.#opening = new Opening(this.state);
    this.#quoted = new Packet(0);
    this.#journeys = Array.from({ length: 256 }, () => ({
      drop: "",
      done: false,
      direction: undefined,
      way: undefined,
      expired: undefined,
      from: undefined,
      to: undefined,
      passage: undefined,
    }));
  }

  apply(config: ConfigModel, now: number): Reloaded {
    this.state.setTime(now);
    return reload(this.state, config);
  }

  /** Throws a Difference. `answers` is called when there may be some. */
  judge(
    packets: readonly Packet[],
    count: number,
    outcomes: readonly Outcome[],
    answers: () => readonly Answer[],
    now: number,
  ): void {
    const { state } = this;
    state.setTime(now);
    state.batch++;
    const journeys = this.#journeys;
    for (let i = 0; i < count; i++) this.#begin(journeys[i]!, packets[i]!);
    for (this.at = 0; this.at < count; this.at++) {
      const journey = journeys[this.at]!;
      if (!journey.done) this.#find(journey, packets[this.at]!, outcomes[this.at]!);
    }
    this.#makeRoom(packets, count);
    for (this.at = 0; this.at < count; this.at++) {
      const journey = journeys[this.at]!;
      if (!journey.done && journey.drop === "" && journey.way === undefined) {
        this.#open(journey, packets[this.at]!, outcomes[this.at]!);
      }
    }
    let answerable = false;
    for (this.at = 0; this.at < count; this.at++) {
      const journey = journeys[this.at]!;
      this.#settle(journey, packets[this.at]!, outcomes[this.at]!);
      if (answerKind(journey.drop) > 0) answerable = true;
    }
    if (answerable) this.#answer(packets, count, answers(), now);
    state.sweep();
  }

  /** Reads the packet, and takes it all the way if it is plain and its flow established. */
  #begin(journey: Journey, packet: Packet): void {
    packet.read(packet, 0, packet.length);
    journey.drop = "";
    journey.done = false;
    journey.direction = undefined;
    journey.expired = undefined;
    journey.from = undefined;
    journey.to = undefined;
    journey.passage = undefined;
    const way = this.state.ways.get(packet.key);
    journey.way = way;
    if (packet.hops < 2 || way === undefined || way.flow.state !== "established") return;
    if (way.deadline <= this.state.tick || !isPlain(packet)) return;
    if (packet.length > this.state.config.vpcs[way.to]!.mtu) return;
    if (!packet.v6 && !headerIntact(packet.view, 0)) return;
    journey.done = true;
    journey.direction = way.direction;
    follow(way, packet, this.state.config.times, this.state.since);
  }

  /** Which flow, or which exposes; and whether the packet fits there. */
  #find(journey: Journey, packet: Packet, outcome: Outcome): void {
    if (!packet.v6 && !headerIntact(packet.view, 0)) journey.drop = "ipv4-bad-checksum";
    else if (packet.hops < 2) journey.drop = "ttl-exceeded";
    if (journey.drop !== "") return;
    if (packet.error) {
      const passage = errorPasses(this.state, packet, this.#quoted, outcome.verdict);
      journey.passage = passage;
      journey.way = passage.way;
      journey.drop = passage.drop;
      journey.direction = passage.direction;
      journey.done = true;
    } else if (!this.#findFlow(journey, packet)) {
      this.#admit(journey, packet, outcome);
      if (journey.drop !== "") this.#comesLate(journey, outcome);
    }
    const { direction } = journey;
    if (journey.drop !== "" || direction === undefined) return;
    const { mtu } = this.state.config.vpcs[direction.to]!;
    const whole = packet.v6 || (packet.view.getUint8(6) & 0x40) !== 0;
    if (packet.length > mtu && whole) journey.drop = "too-big";
  }

  /** Whether a flow decides about the packet. */
  #findFlow(journey: Journey, packet: Packet): boolean {
    const { way } = journey;
    journey.way = undefined;
    if (way === undefined || !isOf(way, packet)) return false;
    if (isAlive(way.flow, this.state.tick)) {
      journey.way = way;
      journey.direction = way.direction;
      return true;
    }
    if (!way.original) journey.expired = way;
    return false;
  }

  /** A packet that is refused and answers a flow that is over is told so, if that is known. */
  #comesLate(journey: Journey, { verdict }: Outcome): void {
    const { expired } = journey;
    if (expired === undefined) return;
    if (!this.state.isKnown(expired.flow) && verdict !== "flow-expired") {
      this.state.forget(expired.flow);
      return;
    }
    journey.direction ??= expired.direction;
    journey.drop = "flow-expired";
  }

  #admit(journey: Journey, packet: Packet, outcome: Outcome): void {
    const { routes, pools, config } = this.state;
    const { vpc, protocol, destination, source, query } = packet;
    const port = query ? -1 : packet.destinationPort;
    const found = routes.destination(vpc, protocol, { address: destination, port });
    if (typeof found === "string") {
      journey.drop =
        found === "nowhere" ? "no-peering" : found === "no-flow" ? "no-flow" : "port-not-exposed";
      return;
    }
    const serving = found.find(({ realm, side, way }) => {
      const mapping = query ? undefined : pools.at(realm, protocol, destination, port);
      if (mapping?.open !== true || mapping.shared || mapping.owner !== side.vpc) return false;
      // Where nobody can know whether it is still held, the gateway says it by its way.
      return pools.isHeld(mapping) || outcome.to === config.vpcs[way.to]!.name;
    });
    const to = (found.length > 1 ? serving : undefined) ?? found[0]!;
    journey.direction = to.way;
    const from = chooseSource(to.way, protocol, {
      address: source,
      port: query ? -1 : packet.sourcePort,
    });
    if (typeof from === "string") {
      journey.drop = from === "nowhere" ? "source-not-exposed" : "source-port-not-exposed";
      return;
    }
    journey.from = from;
    journey.to = to;
  }

  /** For all that may open a flow, together. */
  #makeRoom(packets: readonly Packet[], count: number): void {
    let [wanted4, wanted6] = [0, 0];
    for (let i = 0; i < count; i++) {
      const { done, drop, from, to } = this.#journeys[i]!;
      if (done || drop !== "" || from === undefined || to === undefined) continue;
      if (!needsFlow(from.expose) && !needsFlow(to.expose)) continue;
      if (!mayOpen(packets[i]!)) continue;
      if (packets[i]!.v6) wanted6++;
      else wanted4++;
    }
    this.#opening.makeRoom(false, wanted4);
    this.#opening.makeRoom(true, wanted6);
  }

  #open(journey: Journey, packet: Packet, outcome: Outcome): void {
    const { from, to } = journey;
    if (from === undefined || to === undefined) return;
    if (!needsFlow(from.expose) && !needsFlow(to.expose)) return;
    // An earlier packet of the batch may have been the first.
    const way = this.state.ways.get(packet.key);
    if (way !== undefined && isOf(way, packet) && isAlive(way.flow, this.state.tick)) {
      journey.way = way;
      this.#opening.makeRoom(packet.v6, 1);
      return;
    }
    const flow = this.#opening.open(packet, from, to, outcome);
    if (typeof flow !== "string") {
      journey.way = flow.ways[0];
      return;
    }
    journey.drop = flow;
    if (flow === "no-flow" || flow === "tcp-without-flow") this.#comesLate(journey, outcome);
  }

  /** Compares, and counts. */
  #settle(journey: Journey, packet: Packet, outcome: Outcome): void {
    const { drop, way, direction } = journey;
    const verdict = drop === "" ? "sent" : drop;
    if (outcome.verdict !== verdict) {
      throw new Difference(`${verdict} was expected, and it was ${outcome.verdict}`);
    }
    this.verdicts.set(verdict, (this.verdicts.get(verdict) ?? 0) + 1);
    if (direction === undefined) return;
    const pair = this.#pair(direction);
    if (drop !== "") {
      pair.dropped++;
      return;
    }
    pair.packets++;
    if (way !== undefined && !journey.done) {
      follow(way, packet, this.state.config.times, this.state.since);
    }
    if (journey.passage !== undefined) {
      const { source, inner } = journey.passage;
      this.expected.error(packet, this.#readQuoted(packet), source, inner);
    } else this.expected.packet(packet, becomes(journey, packet));
    const { name, mtu } = this.state.config.vpcs[direction.to]!;
    if (outcome.to !== name) throw new Difference(`it went to ${outcome.to} instead of ${name}`);
    if (this.expected.length > mtu) pair.bytes += this.#settleCut(outcome, mtu);
    else {
      pair.bytes += packet.length;
      if (outcome.pieces.length > 0) throw new Difference("it was cut");
      if (!this.expected.equals(outcome.packet)) throw new Difference("other bytes came out");
    }
  }

  /** Compares a packet that had to be cut; bytes of all its pieces. They may have been given another
   * identification, but all the same. */
  #settleCut({ packet, pieces }: Outcome, mtu: number): number {
    this.expected.rename(packet.subarray(4, 6));
    const ours = this.expected.pieces(mtu);
    const theirs = [packet, ...pieces.map((piece) => piece.packet)];
    if (theirs.length !== ours.length) {
      throw new Difference(`it came in ${theirs.length} pieces instead of ${ours.length}`);
    }
    let bytes = 0;
    for (const [i, piece] of ours.entries()) {
      if (Buffer.compare(piece, theirs[i]!) !== 0) throw new Difference(`piece ${i} is another`);
      bytes += piece.length;
    }
    this.pieces += ours.length - 1;
    return bytes;
  }

  #readQuoted(packet: Packet): Packet {
    const quoted = this.#quoted;
    quoted.read(packet, packet.l4 + 8, packet.length);
    return quoted;
  }

  #pair({ from, to }: Direction): Pair {
    const key = from * 256 + to;
    const known = this.pairs.get(key);
    if (known !== undefined) return known;
    const made = { packets: 0, bytes: 0, dropped: 0 };
    this.pairs.set(key, made);
    return made;
  }

  /** The gateway's own ICMP errors: which, and how many a second. */
  #answer(
    packets: readonly Packet[],
    count: number,
    answers: readonly Answer[],
    now: number,
  ): void {
    const { config } = this.state;
    let next = 0;
    for (this.at = 0; this.at < count; this.at++) {
      const packet = packets[this.at]!;
      const { drop, direction } = this.#journeys[this.at]!;
      const kind = answerKind(drop);
      if (kind === 0 || (kind === 3 && !config.prohibited) || packet.error) continue;
      const vpc = config.vpcs[packet.vpc]!;
      if (packet.v6 && !vpc.addresses.some(({ v6 }) => v6)) continue;
      if (!this.#takeToken(packet.vpc, now)) continue;
      const answer = answers[next++];
      if (answer?.cause !== this.at || answer.to !== vpc.name) {
        throw new Difference(`an ICMP error to ${vpc.name} about it was expected`);
      }
      const mtu = kind === 2 ? config.vpcs[direction!.to]!.mtu : 0;
      this.expected.answer(packet, vpc, KINDS[packet.v6 ? 1 : 0]![kind]!, mtu);
      if (!this.expected.equals(answer.packet)) throw new Difference("another ICMP error came");
      this.answered++;
    }
    if (next !== answers.length) throw new Difference("more ICMP errors came than expected");
  }

  #takeToken(vpc: number, now: number): boolean {
    const { answersPerSecond: rate, vpcs } = this.state.config;
    if (this.#tokens.length !== vpcs.length) {
      this.#tokens = vpcs.map(() => rate);
      this.#since = vpcs.map(() => now);
    }
    const gained = ((now - this.#since[vpc]!) * rate) / 1000;
    const have = Math.min(this.#tokens[vpc]! + gained, rate);
    this.#since[vpc] = now;
    this.#tokens[vpc] = have >= 1 ? have - 1 : have;
    return have >= 1;
  }
}

/** Type and code by kind of answer. */
const KINDS = [
  [0, 0x0b00, 0x0304, 0x030d],
  [0, 0x0300, 0x0200, 0x0101],
];

/** Whether a packet with the key of a way is of its flow: who was asked does not ask by it. */
function isOf({ original }: Way, packet: Packet): boolean {
  return !packet.query || asks(packet) === original;
}

/** What the fast path takes. */
function isPlain({ protocol, flags }: Packet): boolean {
  return protocol === UDP || (protocol === TCP && (flags & (SYN | FIN | RST)) === 0);
}

/** What the packet becomes: by its flow, or by the two exposes. */
function becomes({ way, from, to }: Journey, packet: Packet): Rewrite {
  if (way !== undefined) return way.becomes;
  const here = { address: packet.source, port: packet.query ? -1 : packet.sourcePort };
  const there = { address: packet.destination, port: packet.query ? -1 : packet.destinationPort };
  const newSource = translated(from!.expose.privates, from!.expose.publics, here);
  const newDestination = translated(to!.expose.publics, to!.expose.privates, there);
  return {
    source: newSource.address,
    destination: newDestination.address,
    sourcePort: packet.query ? packet.sourcePort : newSource.port,
    destinationPort: newDestination.port,
  };
}
