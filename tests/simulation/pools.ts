// Public endpoints: who has which, and whether the gateway chose one that it might choose. RFC 4787
// (REQ-1 to REQ-4), RFC 6888 (REQ-2, REQ-8). The oracle does not choose, it judges.
//
// Of a flow that has been over for long nobody outside can tell whether the gateway has forgotten it
// yet. Its endpoint may be free: certainly free, perhaps free, and taken are three things here.

import { type Address, addressBehind } from "./address.ts";
import { type Flow, isAlive, isKnown } from "./flow.ts";
import { type ExposeModel, ICMP, ICMPV6, isIn, type MasqueradeModel } from "./model.ts";

export interface Mapping {
  readonly key: string;
  readonly realm: number;
  readonly protocol: number;
  /** Of the private endpoint. */
  readonly owner: number;
  readonly address: Address;
  readonly port: number;
  readonly publicAddress: Address;
  readonly publicPort: number;
  /** Of nobody in particular: flows to different destinations share the endpoint. */
  readonly shared: boolean;
  /** Anybody may send to it. */
  open: boolean;
  readonly holders: Set<Flow>;
}

/** What an opener asks for: its own endpoint, and who it is to be seen by. */
export interface Wish {
  readonly expose: ExposeModel;
  readonly options: MasqueradeModel;
  readonly owner: number;
  readonly realm: number;
  readonly protocol: number;
  readonly address: Address;
  readonly port: number;
  /** Public endpoints of other exposes of that side: claims of ports. */
  readonly claims: readonly ExposeModel[];
  /** Whether answers to the flow by that public endpoint could be another's. */
  readonly answered: (address: Address, port: number) => Availability;
}

export const TAKEN = 0;
export const PERHAPS = 1;
export const FREE = 2;
export type Availability = 0 | 1 | 2;

export class Pools {
  /** By who sees it, protocol and public address: mappings by port. */
  readonly #ports = new Map<number, Map<number, Mapping>>();
  readonly #byPrivate = new Map<string, Mapping>();
  /** With which public address a private host starts, as far as it has shown. */
  readonly #homes = new Map<string, number>();
  tick = 0;
  rest = 0;

  find(wish: Wish): Mapping | undefined {
    return this.#byPrivate.get(privateKey(wish));
  }

  at(realm: number, protocol: number, address: Address, port: number): Mapping | undefined {
    return this.#ports.get(portsKey(realm, protocol, address))?.get(port);
  }

  add(wish: Wish, publicAddress: Address, publicPort: number): Mapping {
    const { realm, protocol, owner, address, port, options } = wish;
    const mapping: Mapping = {
      key: privateKey(wish),
      realm,
      protocol,
      owner,
      address,
      port,
      publicAddress,
      publicPort,
      shared: options.shares,
      open: false,
      holders: new Set(),
    };
    const place = portsKey(realm, protocol, publicAddress);
    const ports = this.#ports.get(place) ?? new Map<number, Mapping>();
    this.#ports.set(place, ports.set(publicPort, mapping));
    if (!mapping.shared) this.#byPrivate.set(mapping.key, mapping);
    return mapping;
  }

  release(mapping: Mapping, flow: Flow): void {
    mapping.holders.delete(flow);
    if (mapping.holders.size > 0) return;
    const { realm, protocol, publicAddress, publicPort } = mapping;
    const ports = this.#ports.get(portsKey(realm, protocol, publicAddress));
    if (ports?.get(publicPort) === mapping) ports.delete(publicPort);
    if (this.#byPrivate.get(mapping.key) === mapping) this.#byPrivate.delete(mapping.key);
  }

  isHeld({ holders }: Mapping): boolean {
    for (const flow of holders) if (isKnown(flow, this.tick, this.rest)) return true;
    return false;
  }

  /** What a wish finds at a public endpoint that is in the pool and in its range. */
  #availability(wish: Wish, address: Address, port: number): Availability {
    const mapping = this.at(wish.realm, wish.protocol, address, port);
    if (mapping === undefined) return FREE;
    if (wish.options.shares && mapping.shared) return wish.answered(address, port);
    return this.isHeld(mapping) ? TAKEN : PERHAPS;
  }

  /** Whether some port of a public address is to be had. */
  #hasPort(wish: Wish, address: Address): Availability {
    const [first, last] = rangeOf(wish);
    const taken = this.#ports.get(portsKey(wish.realm, wish.protocol, address))?.size ?? 0;
    const every = hasParity(wish) ? 2 : 1;
    if (Math.floor((last - first + 1) / every) - withheldCount(wish, address) > taken) return FREE;
    let best: Availability = TAKEN;
    for (let port = first; port <= last && best < FREE; port++) {
      if (!isEligible(wish, address, port)) continue;
      const here = this.#availability(wish, address, port);
      if (here > best) best = here;
    }
    return best;
  }

  /** Whether the wish can be met at all. */
  hasAny(wish: Wish): Availability {
    let best: Availability = TAKEN;
    const count = poolSize(wish.expose);
    for (let index = 0; index < count && best < FREE; index++) {
      const here = this.#hasPort(wish, addressIn(wish.expose, index));
      if (here > best) best = here;
    }
    return best;
  }

  /** Whether by some endpoint that is to be had answers would be a living flow's. */
  clashes(wish: Wish): boolean {
    const [first, last] = rangeOf(wish);
    const count = poolSize(wish.expose);
    for (let index = 0; index < count; index++) {
      const address = addressIn(wish.expose, index);
      for (let port = first; port <= last; port++) {
        if (!isEligible(wish, address, port) || wish.answered(address, port) !== TAKEN) continue;
        if (this.at(wish.realm, wish.protocol, address, port)?.shared === true) continue;
        if (this.#availability(wish, address, port) !== TAKEN) return true;
      }
    }
    return false;
  }

  /** What is wrong with the choice of a new public endpoint; undefined: nothing. */
  judge(wish: Wish, address: Address, port: number): string | undefined {
    const { expose, options } = wish;
    const index = indexIn(expose, address);
    if (index < 0) return "a public address that is not in the pool";
    if (!isEligible(wish, address, port)) return "a public port outside of the range, or withheld";
    if (this.#availability(wish, address, port) === TAKEN) return "a public endpoint of another";
    const wished = options.portPreservation && isEligible(wish, address, wish.port);
    if (port !== wish.port || !options.portPreservation) {
      if (wished && this.#availability(wish, address, wish.port) === FREE) {
        return `not the private port ${wish.port}, which is free`;
      }
      if (options.sequential && this.#hasLower(wish, address, port)) return "not the lowest port";
    }
    return this.#judgeAddress(wish, index);
  }

  #hasLower(wish: Wish, address: Address, port: number): boolean {
    for (let lower = rangeOf(wish)[0]; lower < port; lower++) {
      if (!isEligible(wish, address, lower)) continue;
      if (this.#availability(wish, address, lower) === FREE) return true;
    }
    return false;
  }

  /** A host starts with one address of its own and goes on to the next when that is full. */
  #judgeAddress(wish: Wish, index: number): string | undefined {
    const { expose, options, owner, address } = wish;
    const count = poolSize(expose);
    if (count === 1) return undefined;
    const key = `${owner} ${count} ${address.key}`;
    const home = options.sequential ? 0 : this.#homes.get(key);
    const isFree = (at: number) => this.#hasPort(wish, addressIn(expose, at)) === FREE;
    if (home === undefined) {
      if (isFree((index + count - 1) % count)) this.#homes.set(key, index);
      return undefined;
    }
    for (let at = home; at !== index; at = (at + 1) % count) {
      if (isFree(at)) return "not the public address that the host had, which has free ports";
    }
    return undefined;
  }

  /** Mappings that somebody holds: certainly, and perhaps. */
  count(): number {
    let total = 0;
    for (const ports of this.#ports.values()) total += ports.size;
    return total;
  }

  /** Every mapping is found where it says it is, and held by flows that use it. */
  check(): string | undefined {
    for (const [place, ports] of this.#ports) {
      for (const [port, mapping] of ports) {
        const { realm, protocol, publicAddress, publicPort, holders } = mapping;
        if (port !== publicPort || place !== portsKey(realm, protocol, publicAddress)) {
          return "a public endpoint is owned twice";
        }
        if (holders.size === 0) return "a public endpoint is held by nobody";
      }
    }
    return undefined;
  }

  /** Whether an expose might give the public endpoint of a mapping to who has it. */
  owns(wish: Wish, { publicAddress, publicPort }: Mapping): boolean {
    return indexIn(wish.expose, publicAddress) >= 0 && isOwn(wish, publicAddress, publicPort);
  }
}

function privateKey({ owner, realm, protocol, address, port }: Wish): string {
  return `${owner} ${realm} ${protocol} ${port} ${address.key}`;
}

function portsKey(realm: number, protocol: number, { number }: Address): number {
  return (realm * 256 + protocol) * 0x10000 + number;
}

export function isQueryProtocol(protocol: number): boolean {
  return protocol === ICMP || protocol === ICMPV6;
}

function rangeOf({ protocol, options }: Wish): readonly [number, number] {
  return isQueryProtocol(protocol) ? [0, 65535] : options.ports;
}

function hasParity({ protocol, options }: Wish): boolean {
  return options.portParity && !isQueryProtocol(protocol);
}

/** In the range, and not of another expose that answers there. */
export function isOwn(wish: Wish, address: Address, port: number): boolean {
  const [first, last] = rangeOf(wish);
  return port >= first && port <= last && !isClaimed(wish, address, port);
}

function isEligible(wish: Wish, address: Address, port: number): boolean {
  if (hasParity(wish) && ((port ^ wish.port) & 1) !== 0) return false;
  return isOwn(wish, address, port);
}

function isClaimed({ protocol, claims }: Wish, address: Address, port: number): boolean {
  if (isQueryProtocol(protocol)) return false;
  return claims.some(
    (other) =>
      (other.protocol === undefined || other.protocol === protocol) &&
      other.publics.some(
        (range) =>
          isIn(range, address) &&
          (range.ports === undefined || (port >= range.ports[0] && port <= range.ports[1])),
      ),
  );
}

function withheldCount({ protocol, claims }: Wish, address: Address): number {
  let count = 0;
  for (const other of isQueryProtocol(protocol) ? [] : claims) {
    for (const range of other.publics) {
      if (isIn(range, address)) count += range.ports ? range.ports[1] - range.ports[0] + 1 : 65536;
    }
  }
  return count;
}

export function poolSize({ publics }: ExposeModel): number {
  return publics.reduce((total, { count }) => total + count, 0);
}

function indexIn({ publics }: ExposeModel, address: Address): number {
  let before = 0;
  for (const range of publics) {
    if (isIn(range, address)) return before + address.host - range.first.host;
    before += range.count;
  }
  return -1;
}

function addressIn({ publics }: ExposeModel, index: number): Address {
  let rest = index;
  for (const { first, count } of publics) {
    if (rest < count) return addressBehind(first, first.host + rest);
    rest -= count;
  }
  throw new Error("no such public address");
}

/** The flows of a mapping that nobody can have kept. */
export function pastHolders({ holders }: Mapping, tick: number): Flow[] {
  return [...holders].filter((flow) => !isAlive(flow, tick));
}
