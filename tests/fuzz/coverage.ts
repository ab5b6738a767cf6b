// Which blocks of our own code have run, asked of the engine itself (V8's precise coverage). Code
// runs at a fraction of its speed while this is on.

import { Session } from "node:inspector/promises";

const OWN = /\/src\/[^?]*\.ts$/;

/** From and to, as offsets in a file; in order, apart from each other. */
type Spans = readonly (readonly [number, number])[];

/** By function: the parts of it that have never run. */
export type News = ReadonlyMap<string, Spans>;

export class Coverage {
  readonly #session = new Session();
  /** Of the functions that have run. The engine merges neighbours that ran equally often, so what
   * has not run is compared, which does not change with the counts. */
  readonly #missed = new Map<string, Spans>();

  async start(): Promise<void> {
    this.#session.connect();
    await this.#session.post("Profiler.enable");
    await this.#session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  /** Functions of which more has run since the last call than was learned before. */
  async news(): Promise<News> {
    const { result } = await this.#session.post("Profiler.takePreciseCoverage");
    const news = new Map<string, Spans>();
    for (const { url, functions } of result) {
      if (!OWN.test(url)) continue;
      for (const { ranges } of functions) {
        const [whole] = ranges;
        if (whole === undefined || whole.count === 0) continue;
        const name = `${url}:${whole.startOffset}`;
        const missed = this.#missed.get(name);
        const now = ranges.filter(({ count }) => count === 0);
        const spans = now.map(({ startOffset, endOffset }) => [startOffset, endOffset] as const);
        const left = missed === undefined ? spans : common(missed, spans);
        if (missed === undefined || size(left) < size(missed)) news.set(name, left);
      }
    }
    return news;
  }

  learn(news: News): void {
    for (const [name, spans] of news) this.#missed.set(name, spans);
  }
}

function common(some: Spans, others: Spans): Spans {
  return some.flatMap(([from, to]) =>
    others.flatMap(([start, end]) => {
      const [first, last] = [Math.max(from, start), Math.min(to, end)];
      return first < last ? [[first, last] as const] : [];
    }),
  );
}

function size(spans: Spans): number {
  return spans.reduce((sum, [from, to]) => sum + to - from, 0);
}
