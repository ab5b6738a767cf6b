// What each flow holds besides its entries, given back with the flow.

import type { Arena } from "../base/arena.ts";
import type { FlowDraft } from "./flow-draft.ts";

/** Takes back what a flow held; -1 for nothing. */
export type Release = (mapping: number, receiver: number, host: number) => void;

/** Fetches what releasing the first `count` mappings will need of memory; any number. */
export type FetchMappings = (mappings: Int32Array, count: number) => number;

const FETCH_MAX = 256;

/** Two of the three are rare. They are kept as value + 1, in memory that is not touched, be it for
 * reading, before the first flow that has one. */
export class FlowHolds {
  static readonly bytesPerFlow = 12;
  readonly #mapping: Int32Array;
  readonly #receiver: Int32Array;
  readonly #host: Int32Array;
  #anyReceiver = false;
  #anyHost = false;
  readonly #release: Release;
  readonly #fetch: FetchMappings | undefined;
  readonly #fetched = new Int32Array(FETCH_MAX);

  constructor(capacity: number, arena: Arena, release: Release, fetch: FetchMappings | undefined) {
    this.#fetch = fetch;
    this.#mapping = arena.int32(capacity);
    this.#receiver = arena.int32(capacity);
    this.#host = arena.int32(capacity);
    this.#release = release;
  }

  write(flow: number, { mapping, receiver, host }: FlowDraft): void {
    this.#mapping[flow] = mapping;
    if (receiver >= 0) this.#anyReceiver = true;
    if (host >= 0) this.#anyHost = true;
    if (this.#anyReceiver) this.#receiver[flow] = receiver + 1;
    if (this.#anyHost) this.#host[flow] = host + 1;
  }

  read(flow: number, draft: FlowDraft): void {
    draft.mapping = this.#mapping[flow]!;
    draft.receiver = this.#receiverOf(flow);
    draft.host = this.#hostOf(flow);
  }

  /** The mapping of the flow's source, -1 for none. */
  mapping(flow: number): number {
    return this.#mapping[flow]!;
  }

  /** Whether the flow holds a public endpoint, which must rest before others get it. */
  hasEndpoint(flow: number): boolean {
    return this.#mapping[flow]! >= 0 || this.#receiverOf(flow) >= 0;
  }

  /** Fetches what releasing the flows will need of memory; any number. */
  fetch(flows: Int32Array, count: number): number {
    const fetchMappings = this.#fetch;
    if (fetchMappings === undefined) return 0;
    let held = 0;
    for (let i = 0; i < count && held < FETCH_MAX; i++) {
      const mapping = this.#mapping[flows[i]!]!;
      if (mapping >= 0) this.#fetched[held++] = mapping;
    }
    return fetchMappings(this.#fetched, held);
  }

  /** The flow is over: it does not count for its host any more, though the rest is still held. */
  leaveHost(flow: number): void {
    const host = this.#hostOf(flow);
    if (host < 0) return;
    this.#host[flow] = 0;
    this.#release(-1, -1, host);
  }

  release(flow: number): void {
    this.#release(this.#mapping[flow]!, this.#receiverOf(flow), this.#hostOf(flow));
  }

  #receiverOf(flow: number): number {
    return this.#anyReceiver ? this.#receiver[flow]! - 1 : -1;
  }

  #hostOf(flow: number): number {
    return this.#anyHost ? this.#host[flow]! - 1 : -1;
  }
}
