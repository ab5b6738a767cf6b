// Has the kernel find neighbors, at a bounded rate: each once a second, and so many in all. Whoever
// has waited longest is asked for first, so that many who do not answer hold nobody up.

import type { Millis } from "../../base/clock.ts";
import type { IpAddress } from "../../wire/ip-address.ts";
import { SystemError } from "./system-error.ts";

/** The kernel is asked about one neighbor once in this time, */
export const ASK_MILLIS = 1000;
/** and about so many neighbors. */
export const ASKED_MAX = 100;

export class NeighborAsker {
  /** Why the kernel would not look for the last one; a link that is just going away, usually. */
  refused: SystemError | undefined;
  readonly #resolve: (address: IpAddress) => void;
  readonly #askedAt = new Map<string, Millis>();
  #windowFrom: Millis | undefined;
  #inWindow = 0;

  /** `resolve` may throw a SystemError. */
  constructor(resolve: (address: IpAddress) => void) {
    this.#resolve = resolve;
  }

  /** `missing` are those needed now, by the text of their addresses. */
  ask(missing: ReadonlyMap<string, IpAddress>, now: Millis): void {
    if (this.#windowFrom === undefined || now - this.#windowFrom >= ASK_MILLIS) {
      this.#windowFrom = now;
      this.#inWindow = 0;
    }
    for (const [text, at] of this.#askedAt) {
      if (!missing.has(text) && now - at >= ASK_MILLIS) this.#askedAt.delete(text);
    }
    const at = (text: string) => this.#askedAt.get(text) ?? Number.MIN_SAFE_INTEGER;
    const due = [...missing].filter(([text]) => now - at(text) >= ASK_MILLIS);
    due.sort(([a], [b]) => at(a) - at(b));
    for (const [text, address] of due.slice(0, ASKED_MAX - this.#inWindow)) {
      this.#inWindow++;
      this.#askedAt.set(text, now);
      this.#askFor(address);
    }
  }

  #askFor(address: IpAddress): void {
    try {
      this.#resolve(address);
      this.refused = undefined;
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      this.refused = error;
    }
  }
}
