// Two hosts that talk: what each knows of the other, and what it sends next. They know only what
// reached them, so whatever the gateway translates wrongly they answer wrongly.

import type { Random } from "../../src/base/random.ts";
import { type Address, addressAt, addressBehind } from "./address.ts";
import {
  craftError,
  craftOther,
  craftQuery,
  craftTcp,
  craftUdp,
  type Endpoints,
  type Segment,
} from "./craft.ts";
import { ICMPV6, TCP, UDP } from "./model.ts";
import { ACK, FIN, type Packet, RST, SYN } from "./packet.ts";
import { isQueryProtocol } from "./pools.ts";

/** One host's half of a conversation. */
interface Half {
  vpc: number;
  address: Address;
  port: number;
  /** As this host sees the other. */
  peer: Address;
  peerPort: number;
  /** TCP: the next sequence number, and the next one expected. */
  next: number;
  expected: number;
  scale: number;
  /** The last packet that came, as it came. */
  readonly last: Uint8Array;
  lastLength: number;
}

const QUOTABLE = 256;
const PSH = 8;
/** Hosts that reach nobody give up after so many packets. */
const PATIENCE = 5;

export class Conversation {
  readonly protocol: number;
  readonly client: Half;
  /** Undefined until something has reached it. */
  server: Half | undefined;
  #answered = false;
  #closing = 0;
  /** Packets that were said since one came. */
  #unheard = 0;
  #asks = 8;

  constructor(protocol: number, ends: Endpoints, random: Random) {
    this.protocol = protocol;
    const { vpc, source, sourcePort, destination, destinationPort } = ends;
    this.client = half(random, vpc, source, sourcePort, destination, destinationPort);
    if (protocol === ICMPV6) this.#asks = 128;
    else if (random.below(4) === 0) this.#asks = 13;
  }

  get isOver(): boolean {
    return this.#closing > 6 || this.#unheard > PATIENCE;
  }

  /** Writes the next packet; whether the client sends it. */
  say(packet: Packet, random: Random, id: number): boolean {
    const { server } = this;
    this.#unheard++;
    const fromClient = server === undefined || random.below(2) === 0;
    const own = fromClient ? this.client : server;
    if (own.lastLength > 0 && random.below(24) === 0) {
      this.#complain(packet, own, random, id);
      return fromClient;
    }
    const ends: Endpoints = {
      vpc: own.vpc,
      protocol: this.protocol,
      source: own.address,
      destination: own.peer,
      sourcePort: own.port,
      destinationPort: own.peerPort,
    };
    if (this.protocol === TCP) this.#segment(packet, ends, own, fromClient, random, id);
    else if (this.protocol === UDP) craftUdp(packet, ends, sizeOf(random), id);
    else if (isQueryProtocol(this.protocol)) {
      // Now and then the server asks by the same identifier, or the client answers.
      const usual = random.below(32) > 0;
      const type = fromClient === usual ? this.#asks : this.#asks === 8 ? 0 : this.#asks + 1;
      craftQuery(packet, ends, type, 1 + (id % 1000), id);
    } else craftOther(packet, ends, id);
    return fromClient;
  }

  #segment(
    packet: Packet,
    ends: Endpoints,
    own: Half,
    fromClient: boolean,
    random: Random,
    id: number,
  ): void {
    const flags = this.#flags(fromClient, random);
    const syn = (flags & SYN) !== 0;
    if (syn && fromClient) own.next = random.next();
    // Old segments come again, and strangers guess.
    const odd = random.below(16);
    const sequence =
      odd === 0 ? random.next() : odd === 1 ? own.next - 1 - random.below(300_000) : own.next;
    const segment: Segment = {
      flags,
      sequence: sequence >>> 0,
      acknowledged: (flags & ACK) !== 0 ? own.expected : 0,
      window: random.below(8) === 0 ? random.below(100) : 1000 + random.below(60_000),
      scale: syn && own.scale > 0 ? own.scale : undefined,
    };
    const size = syn || random.below(3) === 0 ? 0 : sizeOf(random);
    craftTcp(packet, ends, segment, size, id);
    const consumed = size + (syn ? 1 : 0) + ((flags & FIN) !== 0 ? 1 : 0);
    if (odd > 1) own.next = (own.next + consumed) >>> 0;
  }

  #flags(fromClient: boolean, random: Random): number {
    const chance = random.below(64);
    if (this.server === undefined || !this.#answered) {
      return this.#openingFlags(fromClient, chance);
    }
    if (this.#closing > 0) return this.#closingFlags(fromClient, random, chance);
    if (chance < 3) return this.#close(random, chance);
    if (chance === 3) return SYN;
    if (chance === 4) return SYN | ACK;
    return chance < 20 ? ACK | PSH : ACK;
  }

  #openingFlags(fromClient: boolean, chance: number): number {
    if (fromClient) return chance < 56 ? SYN : chance < 60 ? ACK : chance < 62 ? RST : FIN | ACK;
    this.#answered = chance < 60;
    return chance < 54 ? SYN | ACK : chance < 56 ? SYN : chance < 60 ? ACK : RST | ACK;
  }

  #close(random: Random, chance: number): number {
    this.#closing = chance < 2 ? 1 : 3;
    if (chance < 2) return FIN | ACK;
    return random.below(2) === 0 ? RST : RST | ACK;
  }

  #closingFlags(fromClient: boolean, random: Random, chance: number): number {
    this.#closing++;
    if (chance < 24) return FIN | ACK;
    if (chance < 26) return this.#close(random, 2);
    // The same ports are used again.
    if (this.#closing > 3 && fromClient && chance < 50) {
      this.#closing = 0;
      this.#answered = false;
      return SYN;
    }
    return ACK;
  }

  /** An ICMP error about the last packet that came, from the host or a router near it. */
  #complain(packet: Packet, own: Half, random: Random, id: number): void {
    const v6 = own.address.v6;
    const about = own.last.subarray(0, own.lastLength);
    const types = v6 ? [0x0104, 0x0100, 0x0200, 0x0300] : [0x0303, 0x0301, 0x0304, 0x0b00, 0x0c00];
    const type = types[random.below(types.length)]!;
    const least = v6 ? 48 : 28;
    const size = random.below(2) === 0 ? least : Math.min(about.length, least + random.below(60));
    const near = addressBehind(own.address, (own.address.host & ~7) + random.below(16));
    const source = random.below(2) === 0 ? own.address : near;
    craftError(packet, own.vpc, source, about, type, size, id);
  }

  /** A packet of it came to the other side. */
  hear(fromClient: boolean, out: Uint8Array, to: number, random: Random): void {
    this.#unheard = 0;
    const v6 = out[0]! >>> 4 === 6;
    const l4 = v6 ? 40 : 20;
    const protocol = out[v6 ? 6 : 9]!;
    if (protocol !== this.protocol) return;
    const query = isQueryProtocol(protocol);
    if (query && isError(out[l4]!, v6)) return;
    if (fromClient) this.#meet(out, v6, to, random);
    const own = fromClient ? this.server! : this.client;
    if (own.lastLength === 0 || random.below(8) === 0) {
      own.lastLength = Math.min(out.length, QUOTABLE);
      own.last.set(out.subarray(0, own.lastLength));
    }
    if (protocol !== TCP) return;
    const flags = out[l4 + 13]!;
    const size = out.length - l4 - (out[l4 + 12]! >>> 4) * 4;
    const consumed = size + (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0);
    own.expected = (word(out, l4 + 4) * 0x10000 + word(out, l4 + 6) + consumed) >>> 0;
  }

  /** The server answers to whom the packet says it is from. */
  #meet(out: Uint8Array, v6: boolean, to: number, random: Random): void {
    const { protocol } = this;
    const l4 = v6 ? 40 : 20;
    const query = isQueryProtocol(protocol);
    const hasPorts = query || protocol === TCP || protocol === UDP;
    const peer = addressAt(out, v6 ? 8 : 12, v6);
    const own = addressAt(out, v6 ? 24 : 16, v6);
    const peerPort = hasPorts ? word(out, query ? l4 + 4 : l4) : 0;
    const port = hasPorts ? word(out, query ? l4 + 4 : l4 + 2) : 0;
    this.server ??= half(random, to, own, port, peer, peerPort);
    this.server.vpc = to;
    this.server.address = own;
    this.server.port = port;
    this.server.peer = peer;
    this.server.peerPort = peerPort;
  }
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

function isError(type: number, v6: boolean): boolean {
  return v6 ? type < 128 : type === 3 || type === 5 || type === 11 || type === 12;
}

function half(
  random: Random,
  vpc: number,
  address: Address,
  port: number,
  peer: Address,
  peerPort: number,
): Half {
  return {
    vpc,
    address,
    port,
    peer,
    peerPort,
    next: random.next(),
    expected: 0,
    scale: random.below(2) === 0 ? 0 : 1 + random.below(10),
    last: new Uint8Array(QUOTABLE),
    lastLength: 0,
  };
}

/** Mostly a few bytes; some packets are too big for some networks. */
function sizeOf(random: Random): number {
  return random.below(32) === 0 ? 150 + random.below(100) : random.below(24);
}
