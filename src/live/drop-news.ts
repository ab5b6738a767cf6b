// Events of packets that were dropped: a few of the samples, while anybody listens.

import type { NewSamples } from "../insight/drops/new-samples.ts";
import type { EventHub } from "./events.ts";

/** Told each time. */
const MOST = 5;

export interface DropNewsTools {
  readonly events: EventHub;
  /** The samples behind that number. Rejects with an Error. */
  readonly ask: (after: number | undefined, most: number) => Promise<NewSamples>;
}

export class DropNews {
  readonly #tools: DropNewsTools;
  #after: number | undefined;
  #isAsking = false;

  constructor(tools: DropNewsTools) {
    this.#tools = tools;
  }

  /** To be called once a second; nothing is done while an answer is awaited. What was dropped
   * before anybody listened is not told. Never rejects. */
  async tick(): Promise<void> {
    const { events, ask } = this.#tools;
    if (!events.isWanted("drops")) this.#after = undefined;
    else if (!this.#isAsking) {
      this.#isAsking = true;
      // An answer that does not come is no news.
      const news = await ask(this.#after, MOST).catch(() => undefined);
      this.#isAsking = false;
      if (news !== undefined) this.#tell(news);
    }
  }

  #tell({ newest, samples, others }: NewSamples): void {
    const { events } = this.#tools;
    this.#after = newest;
    for (const { number, reason, from, to, interface: name, step, packet } of samples) {
      events.tell("drop", { number, reason, from, to, interface: name, step, packet });
    }
    if (others > 0) events.tell("drops-lost", { lost: others });
  }
}
