// The main thread's end of the worker: sends commands, wakes it, hands on what it says.

import path from "node:path";
import { Worker } from "node:worker_threads";
import type { System } from "../drivers/linux/sys.ts";
import { wake } from "../drivers/linux/waiter.ts";
import type { Answer, Command, Message, News, WorkerStart } from "./messages.ts";
import { Pulse } from "./pulse.ts";

export interface ThreadListener {
  news(news: News): void;
  /** Once. `error` is what it threw; without, it has returned. */
  ended(error: Error | undefined): void;
}

/** Compiled files have another ending. */
const WORKER = new URL(`worker${path.extname(import.meta.url)}`, import.meta.url);

export class DataPathThread {
  readonly pulse = new Pulse();
  readonly #system: System;
  readonly #worker: Worker;
  readonly #listener: ThreadListener;
  /** Who waits for an answer, in the order of the commands. */
  readonly #waiting: ((answer: Answer) => void)[] = [];
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
    this.#worker.on("exit", () => listener.ended(thrown));
  }

  /** The answer; never, when the thread ends before. Nothing is sent behind `stop`. */
  ask(command: Command): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    if (this.#stopped) return promise;
    this.#stopped = command.kind === "stop";
    this.#waiting.push(resolve);
    this.#worker.postMessage(command);
    this.pulse.announce();
    if (this.#wakeFd >= 0) wake(this.#system, this.#wakeFd);
    return promise;
  }

  /** Whatever it is at; resolves when it has ended. One that the kernel holds never does. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  #take(message: Message): void {
    switch (message.kind) {
      case "applied":
      case "refused":
      case "counts":
      case "closed":
        this.#waiting.shift()?.(message);
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
