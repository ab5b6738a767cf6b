// What each flow holds besides its entries, given back with the flow.

import type { Arena } from "../base/arena.ts";
import type { FlowDraft } from "./flow-draft.ts";

/** Takes back what a flow held; -1 for nothing. */
export type Release = (mapping: number, receiver: number, host: number) => void;

export class FlowHolds {
  static readonly bytesPerFlow = 12;
  readonly #mapping: Int32Array;
  readonly #receiver: Int32Array;
  readonly #host: Int32Array;
  readonly #release: Release;

  constructor(capacity: number, arena: Arena, release: Release) {
    this.#mapping = arena.int32(capacity);
    this.#receiver = arena.int32(capacity);
    this.#host = arena.int32(capacity);
    this.#release = release;
  }

  write(flow: number, { mapping, receiver, host }: FlowDraft): void {
    this.#mapping[flow] = mapping;
    this.#receiver[flow] = receiver;
    this.#host[flow] = host;
  }

  read(flow: number, draft: FlowDraft): void {
    draft.mapping = this.#mapping[flow]!;
    draft.receiver = this.#receiver[flow]!;
    draft.host = this.#host[flow]!;
  }

  /** Whether the flow holds a public endpoint, which must rest before others get it. */
  hasEndpoint(flow: number): boolean {
    return this.#mapping[flow]! >= 0 || this.#receiver[flow]! >= 0;
  }

  release(flow: number): void {
    this.#release(this.#mapping[flow]!, this.#receiver[flow]!, this.#host[flow]!);
  }
}
