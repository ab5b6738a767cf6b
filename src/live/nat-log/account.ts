// What became of the records for one place, for as long as the gateway lives: counts go on when the
// place is closed and when it comes back.

import type { Sink } from "./sinks.ts";

/** Plain data. */
export interface PlaceReport {
  readonly kind: Sink["kind"];
  readonly place: string;
  /** Whether the configuration in force names it. */
  readonly open: boolean;
  /** Records that were for it and came so far. */
  readonly records: number;
  /** Of those, the ones that it did not take. */
  readonly notTaken: number;
  /** Records that did not come so far, as the main thread did not keep up. */
  readonly overrun: number;
  /** Why it did not take the last ones. */
  readonly trouble: string | undefined;
}

export class Account {
  readonly kind: Sink["kind"];
  readonly place: string;
  records = 0;
  overrun = 0;
  /** Lost records that the log of the gateway has told. */
  told = 0;
  /** Whether its first trouble has been told. */
  complained = false;
  /** Of closed ones. */
  #lost = 0;
  #trouble: string | undefined;
  /** What it is written by, and what is being closed and may still lose something. */
  readonly #sinks = new Set<Sink>();

  constructor({ kind, place }: Pick<Sink, "kind" | "place">) {
    this.kind = kind;
    this.place = place;
  }

  /** Records that the place did not take. */
  get lost(): number {
    return [...this.#sinks].reduce((sum, { lost }) => sum + lost, this.#lost);
  }

  get trouble(): string | undefined {
    const troubles = [...this.#sinks].map(({ trouble }) => trouble);
    return troubles.findLast((trouble) => trouble !== undefined) ?? this.#trouble;
  }

  opened(sink: Sink): void {
    this.#sinks.add(sink);
  }

  /** `sink` loses nothing any more. */
  closed(sink: Sink): void {
    this.#lost += sink.lost;
    this.#trouble = sink.trouble ?? this.#trouble;
    this.#sinks.delete(sink);
  }

  read(open: boolean): PlaceReport {
    const { kind, place, records, lost, overrun, trouble } = this;
    return { kind, place, open, records, notTaken: lost, overrun, trouble };
  }
}
