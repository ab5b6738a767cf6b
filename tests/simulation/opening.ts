// The first packet of a flow, as the oracle sees it: either it must be refused, or a flow begins.
// Which public endpoint the gateway chose is read from the packet that came out, and judged.

import { type Address, addressAt } from "./address.ts";
import type { Rewrite } from "./expected.ts";
import { type Flow, idleTicks, isAlive, ticks, type Way } from "./flow.ts";
import { type ExposeModel, TCP, UDP } from "./model.ts";
import { flowKey, type Packet, SYN } from "./packet.ts";
import {
  type Availability,
  FREE,
  isQueryProtocol,
  type Mapping,
  PERHAPS,
  TAKEN,
  type Wish,
} from "./pools.ts";
import { type Endpoint, type Route, translated } from "./routes.ts";
import type { State } from "./state.ts";

/** What the gateway did with the packet. */
export interface Result {
  readonly verdict: string;
  readonly packet: Uint8Array;
}

/** What the gateway did was none of what it might have done. */
export class Difference extends Error {
  override readonly name = "Difference";
}

/** The source as it goes out, and what the flow holds for it. */
interface Source extends Endpoint {
  readonly mapping?: Mapping | undefined;
  readonly host?: string | undefined;
}

export function needsFlow({ kind }: ExposeModel): boolean {
  return kind === "masquerade" || kind === "port-forward";
}

/** Public endpoints of other exposes of a side, at which a masquerade leaves them alone. */
export function claimsBeside({ side, expose }: Route): ExposeModel[] {
  return side.exposes.filter(
    (other) => other !== expose && (other.kind === "static" || other.kind === "port-forward"),
  );
}

/** Flows that the gateway looks at, whether they are over, for a host at its limit. */
const LOOK = 64;

/** Of an ICMP query: whether it is a request. */
export function asks({ view, l4 }: Packet): boolean {
  return [8, 13, 128].includes(view.getUint8(l4));
}

/** Whether a packet may be the first of a flow: of TCP only a SYN, of ICMP only a request. */
export function mayOpen(packet: Packet): boolean {
  if (packet.protocol === TCP) return (packet.flags & 0x1f) === SYN;
  return packet.protocol === UDP || asks(packet);
}

export class Opening {
  readonly #state: State;

  constructor(state: State) {
    this.#state = state;
  }

  /** The flow that begins, or why not. */
  open(packet: Packet, from: Route, to: Route, result: Result): Flow | string {
    const { query } = packet;
    if (packet.sourcePort < 0) return "protocol-without-flow";
    if (!mayOpen(packet)) return query ? "no-flow" : "tcp-without-flow";
    if (!this.makeRoom(packet.v6, 1)) return "flow-table-full";
    const there = this.#destination(packet, to, result);
    if (typeof there === "string") return there;
    const here = this.#source(packet, from, to, there, result);
    if (typeof here === "string") return here;
    return this.#begin(packet, from, to, here, there);
  }

  /** When the table may be full, flows that are over may have been given up for new ones: for all
   * that a batch may open, even if it opens fewer. */
  makeRoom(v6: boolean, wanted: number): boolean {
    const { capacity, counts, flows, tick } = this.#state;
    if (counts[v6 ? 1 : 0] + wanted <= capacity) return true;
    const family = flows.filter((flow) => flow.v6 === v6);
    const over = family.filter((flow) => !isAlive(flow, tick));
    if (family.length - over.length >= capacity) return false;
    for (const flow of over) flow.pressed = true;
    return true;
  }

  #destination(packet: Packet, to: Route, { verdict }: Result): Source | string {
    const { pools } = this.#state;
    const { destination: address, destinationPort: port, protocol, query } = packet;
    const { expose, side, realm } = to;
    if (expose.kind !== "masquerade") {
      const made = translated(expose.publics, expose.privates, {
        address,
        port: query ? -1 : port,
      });
      return query ? { ...made, port } : made;
    }
    if (query) return "no-flow";
    const mapping = pools.at(realm, protocol, address, port);
    if (mapping === undefined || !mapping.open || mapping.shared) return "no-flow";
    if (mapping.owner !== side.vpc) return "no-flow";
    if (!pools.isHeld(mapping) && (verdict === "no-flow" || verdict === "flow-expired")) {
      this.#giveUp(mapping);
      return "no-flow";
    }
    return { address: mapping.address, port: mapping.port, mapping };
  }

  /** All flows that held it turned out to be forgotten. */
  #giveUp(mapping: Mapping): void {
    for (const flow of [...mapping.holders]) this.#state.forget(flow);
  }

  #source(packet: Packet, from: Route, to: Route, there: Source, result: Result): Source | string {
    const { source: address, sourcePort: port, query } = packet;
    const { expose } = from;
    if (expose.kind === "masquerade") return this.#masquerade(packet, from, to, there, result);
    const made = translated(expose.privates, expose.publics, { address, port: query ? -1 : port });
    return query ? { ...made, port } : made;
  }

  #masquerade(
    packet: Packet,
    from: Route,
    to: Route,
    there: Source,
    result: Result,
  ): Source | string {
    const { pools } = this.#state;
    const wish = this.#wish(packet, from, to, there);
    const host = this.#enter(wish, packet, result);
    if (host === "full") return "host-flow-limit";
    const known = wish.options.shares ? undefined : pools.find(wish);
    if (known !== undefined) {
      const kept = pools.isHeld(known) || this.#showsMapping(known, packet, result);
      if (kept && pools.owns(wish, known)) {
        if (wish.options.open) known.open = true;
        return { address: known.publicAddress, port: known.publicPort, mapping: known, host };
      }
      if (!kept) this.#giveUp(known);
    }
    const mapping = this.#choose(wish, packet, result);
    if (typeof mapping === "string") return mapping;
    return { address: mapping.publicAddress, port: mapping.publicPort, mapping, host };
  }

  #wish(packet: Packet, from: Route, to: Route, there: Source): Wish {
    const { protocol, source, sourcePort, destination, destinationPort, query } = packet;
    const answered = (address: Address, port: number): Availability => {
      const key = flowKey(
        to.way.to,
        protocol,
        there.address,
        address,
        query ? port : there.port,
        port,
      );
      const other = this.#state.ways.get(key);
      if (other === undefined) return FREE;
      if (isAlive(other.flow, this.#state.tick)) return TAKEN;
      const [before] = other.flow.ways;
      const opener = before.from === from.side.vpc && before.source === source;
      const ports = before.sourcePort === sourcePort && before.destinationPort === destinationPort;
      if (opener && ports && before.destination === destination) return FREE;
      return this.#state.isKnown(other.flow) ? TAKEN : PERHAPS;
    };
    return {
      expose: from.expose,
      options: from.expose.masquerade!,
      owner: from.side.vpc,
      realm: from.realm,
      protocol,
      address: source,
      port: sourcePort,
      claims: claimsBeside(from),
      answered,
    };
  }

  /** Whom the flow is counted for; "full" when there are as many as there may be. */
  #enter(wish: Wish, { key, v6 }: Packet, { verdict }: Result): string | undefined {
    const limit = wish.options.flowsPerHost;
    if (limit === undefined) return undefined;
    const host = hostKey(wish);
    const flows = this.#state.hosts.get(host);
    if (flows === undefined || flows.size < limit) return host;
    let alive = 0;
    let over = 0;
    for (const flow of flows) {
      if (isAlive(flow, this.#state.tick)) alive++;
      else if (flow.ways[0].key !== key) over++;
    }
    if (alive >= limit) return "full";
    // Those that are over count until the gateway has looked at them, and it looks at some now.
    const perhaps = alive + over >= limit && this.#state.most(v6) > LOOK;
    return perhaps && verdict === "host-flow-limit" ? "full" : host;
  }

  #showsMapping(mapping: Mapping, packet: Packet, result: Result): boolean {
    if (result.verdict !== "sent") return true;
    const shown = shownSource(packet, result);
    return shown.address === mapping.publicAddress && shown.port === mapping.publicPort;
  }

  #choose(wish: Wish, packet: Packet, result: Result): Mapping | string {
    const { pools } = this.#state;
    if (result.verdict !== "sent") {
      // By an endpoint that is free answers may still be another flow's: one that sees the same public
      // addresses from another side.
      if (result.verdict === "tuple-in-use" && pools.clashes(wish)) return "tuple-in-use";
      const any = pools.hasAny(wish);
      if (any !== FREE) return "no-free-port";
      throw new Difference(`${result.verdict}, though the pool has free ports`);
    }
    const { address, port } = shownSource(packet, result);
    const problem = pools.judge(wish, address, port);
    if (problem !== undefined) throw new Difference(`the gateway chose ${problem}`);
    const before = pools.at(wish.realm, wish.protocol, address, port);
    if (before !== undefined) {
      if (before.shared && wish.options.shares) return before;
      this.#giveUp(before);
    }
    const mapping = pools.add(wish, address, port);
    if (wish.options.open) mapping.open = true;
    return mapping;
  }

  #begin(packet: Packet, from: Route, to: Route, here: Source, there: Source): Flow | string {
    const { ways, tick, since, config } = this.#state;
    const { protocol, v6, vpc, query } = packet;
    const receiver = to.way.to;
    const port = query ? here.port : there.port;
    const answer = flowKey(receiver, protocol, there.address, here.address, port, here.port);
    // Who talks to itself by its own public endpoint would get its own packets for answers.
    if (answer === packet.key) return "tuple-in-use";
    for (const key of [packet.key, answer]) {
      const other = ways.get(key);
      if (other !== undefined && isAlive(other.flow, tick)) return "tuple-in-use";
    }
    const wait = since + idleTicks(config.times, protocol, "one-way");
    const flow: Flow = {
      v6,
      protocol,
      ways: [] as unknown as [Way, Way],
      state: "one-way",
      idle: idleOf(this.#state, protocol, from.expose, to.expose),
      mapping: here.mapping,
      receiver: there.mapping,
      host: here.host,
      place: -1,
      pressed: false,
      doubtful: -1,
    };
    const becomes = undefined as never;
    const fresh = { flow, becomes, deadline: wait, acknowledged: undefined, window: 0, scale: 0 };
    const { source, destination, sourcePort, destinationPort, key } = packet;
    const original = { original: true, key, from: vpc, to: receiver, direction: to.way };
    const ends = { source, destination, sourcePort, destinationPort };
    flow.ways[0] = { ...fresh, ...original, ...ends, hides: needsFlow(from.expose) };
    flow.ways[1] = {
      ...fresh,
      original: false,
      key: answer,
      from: receiver,
      to: vpc,
      direction: to.way.reverse,
      hides: needsFlow(to.expose),
      source: there.address,
      destination: here.address,
      sourcePort: port,
      destinationPort: here.port,
    };
    const [way, back] = flow.ways;
    way.becomes = reverse(back);
    back.becomes = reverse(way);
    this.#replace(flow);
    return flow;
  }

  /** Takes the place of flows that are over. */
  #replace(flow: Flow): void {
    // Held first, so that an endpoint which goes from the old to the new is never free.
    flow.mapping?.holders.add(flow);
    flow.receiver?.holders.add(flow);
    for (const { key } of flow.ways) {
      const other = this.#state.ways.get(key);
      if (other !== undefined) this.#state.forget(other.flow);
    }
    this.#state.add(flow);
  }
}

function reverse({ source, destination, sourcePort, destinationPort }: Way): Rewrite {
  return {
    source: destination,
    destination: source,
    sourcePort: destinationPort,
    destinationPort: sourcePort,
  };
}

export function hostKey({ owner, realm, address }: Wish): string {
  return `${owner} ${realm} ${address.key}`;
}

/** Ticks that an established flow of two exposes may be idle: the shorter time of the two. */
export function idleOf(
  { config }: State,
  protocol: number,
  from: ExposeModel,
  to: ExposeModel,
): number {
  const own = [from, to].flatMap(({ idle }) => (idle === undefined ? [] : [ticks(idle)]));
  return own.length > 0 ? Math.min(...own) : idleTicks(config.times, protocol, "established");
}

/** Where the packet that came out says to be from. */
function shownSource({ v6, l4, protocol }: Packet, { packet }: Result): Endpoint {
  const at = isQueryProtocol(protocol) ? l4 + 4 : l4;
  const port = (packet[at]! << 8) | packet[at + 1]!;
  return { address: addressAt(packet, v6 ? 8 : 12, v6), port };
}
