// The main thread's end of the worker: sends commands, wakes it, hands on what it says.

import path from "node:path";
import { Worker } from "node:worker_threads";
import type { System } from "../drivers/linux/sys.ts";
import { wake } from "../drivers/linux/waiter.ts";
import type {
  Answer,
  Answered,
  Command,
  Hint,
  Message,
  News,
  Order,
  WorkerStart,
} from "./messages.ts";
import { Pulse } from "./pulse.ts";
import type { Asked, QuestionName, Reply } from "./questions/questions.ts";

export interface ThreadListener {
  news(news: News): void;
  /** Once. `error` is what it threw; without, it has returned. */
  ended(error: Error | undefined): void;
}

const STOPS = "the gateway stops";
/** Compiled files have another ending. */
const WORKER = new URL(`worker${path.extname(import.meta.url)}`, import.meta.url);

export class DataPathThread {
  readonly pulse = new Pulse();
  readonly #system: System;
  readonly #worker: Worker;
  readonly #listener: ThreadListener;
  /** Who waits for an answer, in the order of the commands. */
  readonly #waiting: ((answer: Answer) => void)[] = [];
  /** Who has asked a question, by its number. */
  readonly #asking = new Map<number, PromiseWithResolvers<unknown>>();
  #questions = 0;
  #wakeFd = -1;
  #stopped = false;

  constructor(start: Omit<WorkerStart, "pulse">, system: System, listener: ThreadListener) {
    this.#system = system;
    this.#listener = listener;
    const workerData: WorkerStart = { ...start, pulse: this.pulse.shared };
    // The compiler's limits that the process has set hold for all of its threads.
    this.#worker = new Worker(WORKER, { workerData, name: "data-path" });
    let thrown: Error | undefined;
    this.#worker.on("message", (message: Message) => this.#take(message));
    this.#worker.on("error", (error) => {
      thrown = error instanceof Error ? error : new Error(String(error));
    });
    this.#worker.on("exit", () => {
      this.#stopped = true;
      this.#forsake();
      listener.ended(thrown);
    });
  }

  /** The answer; never, when the thread ends before. Nothing is sent behind `stop`. */
  order(command: Order): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    if (this.#stopped) return promise;
    this.#waiting.push(resolve);
    this.#send(command);
    if (command.kind === "stop") {
      this.#stopped = true;
      this.#forsake();
    }
    return promise;
  }

  /** What needs no answer. */
  hint(hint: Hint): void {
    if (!this.#stopped) this.#send(hint);
  }

  /** The answer to a question. Rejects with an Error: the question could not be answered, or the
   * gateway stops. */
  ask<N extends QuestionName>(question: N, asked: Asked<N>): Promise<Reply<N>> {
    const resolvers = Promise.withResolvers<unknown>();
    if (this.#stopped) resolvers.reject(new Error(STOPS));
    else {
      const id = this.#questions++;
      this.#asking.set(id, resolvers);
      this.#send({ kind: "ask", id, question, asked });
    }
    return resolvers.promise as Promise<Reply<N>>;
  }

  /** Whatever it is at; resolves when it has ended. One that the kernel holds never does. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  #send(command: Command): void {
    this.#worker.postMessage(command);
    this.pulse.announce();
    if (this.#wakeFd >= 0) wake(this.#system, this.#wakeFd);
  }

  /** Nobody will answer what is open. */
  #forsake(): void {
    for (const { reject } of this.#asking.values()) reject(new Error(STOPS));
    this.#asking.clear();
  }

  #answer(answered: Answered): void {
    const asking = this.#asking.get(answered.id);
    this.#asking.delete(answered.id);
    if (answered.kind === "answered") asking?.resolve(answered.reply);
    else asking?.reject(new Error(answered.message, { cause: answered.stack }));
  }

  #take(message: Message): void {
    switch (message.kind) {
      case "applied":
      case "refused":
      case "counts":
      case "closed":
        this.#waiting.shift()?.(message);
        break;
      case "answered":
      case "unanswered":
        this.#answer(message);
        break;
      case "ready":
        this.#wakeFd = message.wakeFd;
        this.#listener.news(message);
        break;
      default:
        this.#listener.news(message);
    }
  }
}
