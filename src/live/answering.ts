// The worker's side of questions: those that are open, each as work in pieces, and a little of it
// between two turns. Packets go first, so a question takes as long as it takes.

import type { Clock } from "../base/clock.ts";
import type { Work } from "../insight/work.ts";
import type { DataPath } from "./data-path.ts";
import type { Message } from "./messages.ts";
import { QUESTIONS, type Question } from "./questions/questions.ts";
import { told } from "./tell.ts";

/** Spent on questions between two turns; the last piece may end later, by some 0.1 ms. */
const SLICE_MILLIS = 0.2;
/** While packets come, questions get one part of the time and packets so many. */
const PACKETS_SHARE = 2;

/** By name. */
type Questions = Readonly<Record<string, Question<never, unknown>>>;

interface Open {
  readonly id: number;
  readonly work: Work<unknown>;
}

export class Answering {
  readonly #dataPath: DataPath;
  readonly #clock: Clock;
  readonly #say: (message: Message) => void;
  /** The one whose turn it is first. */
  readonly #open: Open[] = [];
  /** Until then nothing is done for questions while packets come. */
  #restUntil = 0;
  readonly #questions: Questions;

  constructor(
    dataPath: DataPath,
    clock: Clock,
    say: (message: Message) => void,
    questions: Questions = QUESTIONS,
  ) {
    this.#questions = questions;
    this.#dataPath = dataPath;
    this.#clock = clock;
    this.#say = say;
  }

  /** Whether any question waits for its answer. */
  get isBusy(): boolean {
    return this.#open.length > 0;
  }

  /** Notes a question, to be answered by `advance`. */
  begin(id: number, name: string, asked: unknown): void {
    try {
      const question = Object.hasOwn(this.#questions, name) && this.#questions[name];
      if (!question) throw new Error(`nobody knows the question "${name}"`);
      this.#open.push({ id, work: question(this.#dataPath, asked as never) });
    } catch (error) {
      this.#say({ kind: "unanswered", id, ...told(error) });
    }
  }

  /** Goes on with one question for SLICE_MILLIS, and with another the next time. When packets have
   * come (`came`), only if these have had their share of the time since. */
  advance(came: boolean): void {
    const began = this.#clock.now();
    if (came && began < this.#restUntil) return;
    const open = this.#open.shift();
    if (open === undefined) return;
    this.#goOn(open, began + SLICE_MILLIS);
    const ended = this.#clock.now();
    this.#restUntil = ended + PACKETS_SHARE * (ended - began);
  }

  #goOn(open: Open, until: number): void {
    const { id, work } = open;
    try {
      do {
        const { done, value } = work.next();
        if (!done) continue;
        this.#say({ kind: "answered", id, reply: value });
        return;
      } while (this.#clock.now() < until);
      this.#open.push(open);
    } catch (error) {
      this.#say({ kind: "unanswered", id, ...told(error) });
    }
  }
}
