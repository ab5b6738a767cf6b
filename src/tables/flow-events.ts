// Data path.
// What is to be logged about flows and public endpoints: a ring of records, written where a flow is
// made and where it ends, read between two turns by whoever logs. When nobody does, `what` is
// NOTHING, and asking that is all that is done. A record that finds no room is counted.

import { isResting, ticksLeft } from "./flow-entry.ts";
import { type FlowLayout, STATE_MASK } from "./flow-layout.ts";
import { CLOSED, RESET } from "./flow-state.ts";

/** What is recorded: nothing; every flow; every public endpoint that is given to a private one, and
 * flows only where several private endpoints share a public one; or both, FLOWS | ENDPOINTS. */
export const NOTHING = 0;
export const FLOWS = 1;
export const ENDPOINTS = 2;

/** Kinds of records. */
export const FLOW_BEGIN = 0;
export const FLOW_END = 1;
export const ENDPOINT_BEGIN = 2;
export const ENDPOINT_END = 3;

/** Why a flow has ended. */
export const UNKNOWN = 0;
export const IDLE = 1;
export const CLOSED_BY_HOSTS = 2;
export const RESET_BY_HOSTS = 3;
/** It was alive: a configuration or a person has ended it. */
export const REVOKED = 4;

// Words of a record. Addresses and ports as in entries of flows; IPv4 takes the first word of four.
/** Kind | V6 | WITH_DESTINATION | SHARED | protocol << 8 | reason << 16. */
export const HEAD = 0;
export const TICK = 1;
/** VNIs: of who opened the flow, and of who sees the public endpoint. */
export const FROM = 2;
export const TO = 3;
/** Source port << 16 | public port; of an ICMP query its identifiers. */
export const PORTS = 4;
/** Destination port << 16 | the port it was translated to. */
export const DESTINATION_PORTS = 5;
export const SOURCE = 6;
export const PUBLIC = 10;
export const DESTINATION = 14;
export const NEW_DESTINATION = 18;
/** Of ended flows, from who opened them and back, modulo 2^32. */
export const PACKETS = 22;
export const BYTES = 24;
export const RECORD_WORDS = 26;

export const KIND_MASK = 3;
export const V6 = 0x10;
export const WITH_DESTINATION = 0x20;
/** Of a flow, where ENDPOINTS are recorded: its public endpoint is shared. */
export const SHARED = 0x40;

export interface RecordedTable {
  readonly layout: FlowLayout;
  readonly v6: boolean;
  readonly slab: { readonly words: Int32Array };
}

export class FlowEvents {
  /** NOTHING, FLOWS, ENDPOINTS or both. */
  what = NOTHING;
  /** Now. */
  tick = 0;
  /** Records that found no room, since the ring was made. */
  lost = 0;
  /** Records that wait. */
  count = 0;
  readonly #isShared: (mapping: number) => boolean;
  #destinations = false;
  #words: Int32Array = new Int32Array(0);
  #capacity = 0;
  /** The record that waits longest. */
  #first = 0;

  /** `isShared`: whether several private endpoints share the mapping's public one. */
  constructor(isShared: (mapping: number) => boolean = neverShared) {
    this.#isShared = isShared;
  }

  /** From now on `what` is recorded, destinations only if asked. The first time memory is taken
   * for `capacity` records of 104 bytes; what still waits is forgotten. */
  record(what: number, destinations: boolean, capacity: number): void {
    if (what !== NOTHING && this.#capacity !== capacity) {
      this.#words = new Int32Array(capacity * RECORD_WORDS);
      this.#capacity = capacity;
      this.#first = 0;
      this.count = 0;
    }
    // Destinations that are not asked for any more must not lie about.
    if (this.#destinations && !destinations) this.#words.fill(0);
    this.#destinations = destinations;
    this.what = what;
  }

  /** Moves records, at most `most` and in their order, to the beginning of `into`; how many. */
  take(into: Int32Array, most: number): number {
    const words = this.#words;
    const count = Math.min(most, this.count);
    let from = this.#first * RECORD_WORDS;
    for (let i = 0; i < count * RECORD_WORDS; i++) {
      into[i] = words[from++]!;
      if (from === words.length) from = 0;
    }
    this.#first = from / RECORD_WORDS;
    this.count -= count;
    return count;
  }

  /** A flow has been made that holds that mapping, -1 for none. */
  began(table: RecordedTable, flow: number, mapping: number): void {
    if (this.#wants(mapping))
      this.#flow(table, flow, FLOW_BEGIN | this.#shared(mapping), this.tick);
  }

  /** The flow is over since a while or, when it is still alive, from now on. Of one that was ended
   * before nothing is said again. */
  ended(table: RecordedTable, flow: number, mapping: number): void {
    const { layout, slab } = table;
    const { words } = slab;
    if (isResting(layout, words, flow) || !this.#wants(mapping)) return;
    const state = words[2 * flow * layout.words + layout.state]! & STATE_MASK;
    const left = ticksLeft(layout, words, flow, this.tick);
    const reason = reasonOf(state, left > 0 ? REVOKED : IDLE);
    const head = FLOW_END | (reason << 16) | this.#shared(mapping);
    this.#flow(table, flow, head, (this.tick + Math.min(left, 0)) | 0);
  }

  /** A public endpoint has been given to a private one, or back. The key of the mapping stands `at`
   * in `words`: VNI << 8 | protocol, VNI of who sees it, address, port. */
  endpoint(kind: number, words: Int32Array, at: number, address: Uint8Array, port: number): void {
    const record = this.#next();
    if (record < 0) return;
    const ring = this.#words;
    const size = address.length >> 2;
    const network = words[at]!;
    ring[record + HEAD] = kind | (size === 4 ? V6 : 0) | ((network & 0xff) << 8);
    ring[record + TICK] = this.tick;
    ring[record + FROM] = network >>> 8;
    ring[record + TO] = words[at + 1]!;
    ring[record + PORTS] = (words[at + 2 + size]! << 16) | port;
    for (let i = 0; i < size; i++) {
      ring[record + SOURCE + i] = words[at + 2 + i]!;
      ring[record + PUBLIC + i] =
        (address[4 * i]! << 24) |
        (address[4 * i + 1]! << 16) |
        (address[4 * i + 2]! << 8) |
        address[4 * i + 3]!;
    }
  }

  #wants(mapping: number): boolean {
    return (this.what & FLOWS) !== 0 || (mapping >= 0 && this.#isShared(mapping));
  }

  /** A bit of HEAD. */
  #shared(mapping: number): number {
    if ((this.what & ENDPOINTS) === 0 || mapping < 0) return 0;
    return this.#isShared(mapping) ? SHARED : 0;
  }

  #flow({ layout, slab, v6 }: RecordedTable, flow: number, head: number, tick: number): void {
    const record = this.#next();
    if (record < 0) return;
    const ring = this.#words;
    const { words } = slab;
    const at = 2 * flow * layout.words;
    const peer = at + layout.words;
    const network = words[at + layout.network]!;
    const ports = words[at + layout.ports]!;
    const newPorts = words[at + layout.newPorts]!;
    ring[record + HEAD] = head | (v6 ? V6 : 0) | ((network & 0xff) << 8);
    ring[record + TICK] = tick;
    ring[record + FROM] = network >>> 8;
    ring[record + TO] = words[peer + layout.network]! >>> 8;
    ring[record + PORTS] = (ports & ~0xffff) | (newPorts >>> 16);
    for (let i = 0; i < layout.addressWords; i++) {
      ring[record + SOURCE + i] = words[at + layout.source + i]!;
      ring[record + PUBLIC + i] = words[at + layout.newSource + i]!;
    }
    ring[record + PACKETS] = words[at + layout.packets]!;
    ring[record + PACKETS + 1] = words[peer + layout.packets]!;
    ring[record + BYTES] = words[at + layout.bytes]!;
    ring[record + BYTES + 1] = words[peer + layout.bytes]!;
    if (!this.#destinations) return;
    ring[record + HEAD] = ring[record + HEAD]! | WITH_DESTINATION;
    ring[record + DESTINATION_PORTS] = (ports << 16) | (newPorts & 0xffff);
    for (let i = 0; i < layout.addressWords; i++) {
      ring[record + DESTINATION + i] = words[at + layout.destination + i]!;
      ring[record + NEW_DESTINATION + i] = words[at + layout.newDestination + i]!;
    }
  }

  /** Where the next record begins, -1 when there is no room. */
  #next(): number {
    const capacity = this.#capacity;
    if (this.count === capacity) {
      this.lost++;
      return -1;
    }
    const at = this.#first + this.count++;
    return (at < capacity ? at : at - capacity) * RECORD_WORDS;
  }
}

function neverShared(): boolean {
  return false;
}

function reasonOf(state: number, otherwise: number): number {
  if (state === CLOSED) return CLOSED_BY_HOSTS;
  return state === RESET ? RESET_BY_HOSTS : otherwise;
}
