// Questions to the data path on behalf of requests: not too many at a time, and none for ever.

import type { Asked, QuestionName, Reply } from "../questions/questions.ts";
import type { ApiGateway } from "./gateway.ts";
import { Problem } from "./problem.ts";

const OPEN_MAX = 32;
const PATIENCE_MILLIS = 10_000;

/** How `ApiGateway.ask` is made of what a thread offers. */
export class LimitedQuestions {
  readonly #ask: ApiGateway["ask"];
  readonly #patienceMillis: number;
  #open = 0;

  constructor(ask: ApiGateway["ask"], patienceMillis = PATIENCE_MILLIS) {
    this.#ask = ask;
    this.#patienceMillis = patienceMillis;
  }

  /** Throws a Problem when there are too many already, or the answer does not come. */
  async ask<N extends QuestionName>(question: N, asked: Asked<N>): Promise<Reply<N>> {
    if (this.#open >= OPEN_MAX) {
      const headers = { "retry-after": "1" };
      throw new Problem(503, "Too many questions are open already.", { headers });
    }
    this.#open++;
    // One that nobody waits for any more is still worked on.
    const reply = this.#ask(question, asked).finally(() => {
      this.#open--;
    });
    const late = Promise.withResolvers<never>();
    const seconds = this.#patienceMillis / 1000;
    const timer = setTimeout(() => {
      late.reject(new Problem(504, `The data path did not answer within ${seconds} s.`));
    }, this.#patienceMillis);
    try {
      return await Promise.race([reply, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}
