// Which exposes a packet is about: plain lists, looked through from the most specific entry on.

import { type Address, addressBehind } from "./address.ts";
import {
  type ConfigModel,
  type ExposeModel,
  isIn,
  lengthOf,
  type PeeringModel,
  type Range,
  type SideModel,
} from "./model.ts";

/** One range of one expose, as the sender's side or as the receiver's. */
export interface Route {
  readonly range: Range;
  readonly expose: ExposeModel;
  /** The side that the expose belongs to. */
  readonly side: SideModel;
  /** The VPC that sees its public endpoints. */
  readonly realm: number;
  readonly way: Direction;
}

/** One way across a peering. */
export interface Direction {
  /** VPCs. */
  readonly from: number;
  readonly to: number;
  /** Who may send that way. */
  readonly sources: readonly Route[];
  reverse: Direction;
}

export interface Endpoint {
  readonly address: Address;
  readonly port: number;
}

export type Missed = "no-flow" | "other-port" | "nowhere";

export class Routes {
  readonly config: ConfigModel;
  /** By VPC: what its packets may be sent to. */
  readonly #destinations: Route[][];

  constructor(config: ConfigModel) {
    this.config = config;
    this.#destinations = config.vpcs.map(() => []);
    for (const peering of config.peerings) this.#add(peering);
    for (const routes of this.#destinations) order(routes);
  }

  /** Routes that take a packet there. Exposes that only receive for public endpoints in use are the
   * last resort, and then all of them are given. */
  destination(vpc: number, protocol: number, endpoint: Endpoint): Missed | readonly Route[] {
    return choose(this.#destinations[vpc]!, protocol, endpoint);
  }

  #add({ sides: [left, right] }: PeeringModel): void {
    this.#pair(left, right, left.exposes, right.exposes, [right.vpc, left.vpc]);
    for (const [side, other] of [
      [left, right],
      [right, left],
    ] as const) {
      if (!side.hairpin) continue;
      const exposes = side.exposes.filter(({ kind }) => kind !== "plain");
      const way = this.#direction(side, side, exposes, exposes, [other.vpc, other.vpc]);
      way.reverse = this.#direction(side, side, exposes, [], [other.vpc, other.vpc]);
      way.reverse.reverse = way;
    }
  }

  #pair(
    left: SideModel,
    right: SideModel,
    ours: readonly ExposeModel[],
    theirs: readonly ExposeModel[],
    [leftRealm, rightRealm]: readonly [number, number],
  ): void {
    const there = this.#direction(left, right, ours, theirs, [leftRealm, rightRealm]);
    const back = this.#direction(right, left, theirs, ours, [rightRealm, leftRealm]);
    there.reverse = back;
    back.reverse = there;
  }

  #direction(
    from: SideModel,
    to: SideModel,
    senders: readonly ExposeModel[],
    receivers: readonly ExposeModel[],
    [fromRealm, toRealm]: readonly [number, number],
  ): Direction {
    const sources: Route[] = [];
    const way: Direction = { from: from.vpc, to: to.vpc, sources, reverse: undefined as never };
    for (const expose of senders) {
      if (expose.kind === "port-forward") continue;
      for (const range of expose.privates) {
        sources.push({ range, expose, side: from, realm: fromRealm, way });
      }
    }
    order(sources);
    const destinations = this.#destinations[from.vpc]!;
    for (const expose of receivers) {
      for (const range of expose.publics) {
        destinations.push({ range, expose, side: to, realm: toRealm, way });
      }
    }
    return way;
  }
}

export function chooseSource(
  { sources }: Direction,
  protocol: number,
  endpoint: Endpoint,
): Missed | Route {
  const found = choose(sources, protocol, endpoint);
  return typeof found === "string" ? found : found[0]!;
}

/** Longer prefixes first; of equal ones the later first. */
function order(routes: Route[]): void {
  routes.reverse().sort((a, b) => lengthOf(b.range) - lengthOf(a.range));
}

function choose(
  routes: readonly Route[],
  protocol: number,
  { address, port }: Endpoint,
): Missed | readonly Route[] {
  let missed: Missed = "nowhere";
  const receivers: Route[] = [];
  for (const route of routes) {
    const { range, expose } = route;
    if (!isIn(range, address)) continue;
    if (expose.masquerade !== undefined && expose.publics.includes(range)) {
      if (expose.masquerade.open) receivers.push(route);
      else missed = "no-flow";
      continue;
    }
    if (takes(route, protocol, port)) return [route];
    if (missed === "nowhere") missed = "other-port";
  }
  return receivers.length > 0 ? receivers : missed;
}

function takes({ range, expose }: Route, protocol: number, port: number): boolean {
  if (expose.protocol !== undefined && expose.protocol !== protocol) return false;
  return range.ports === undefined || (port >= range.ports[0] && port <= range.ports[1]);
}

/** What a side without a choice makes of an endpoint: the n-th of one list is the n-th of the other.
 * A port of -1 is none. */
export function translated(
  from: readonly Range[],
  to: readonly Range[],
  { address, port }: Endpoint,
): Endpoint {
  let number = 0;
  for (const range of from) {
    const [first, last] = range.ports ?? [0, 0];
    const inside = isIn(range, address) && (!range.ports || (port >= first && port <= last));
    const width = last - first + 1;
    if (inside) {
      number += (address.host - range.first.host) * width + (range.ports ? port - first : 0);
      return element(to, number, port);
    }
    number += range.count * width;
  }
  throw new Error("the endpoint is in none of the ranges");
}

function element(ranges: readonly Range[], number: number, port: number): Endpoint {
  let rest = number;
  for (const { first, count, ports } of ranges) {
    const width = ports ? ports[1] - ports[0] + 1 : 1;
    if (rest < count * width) {
      const address = addressBehind(first, first.host + Math.floor(rest / width));
      return { address, port: ports ? ports[0] + (rest % width) : port };
    }
    rest -= count * width;
  }
  throw new Error("no such element");
}
