// A bar on a terminal for work that takes longer than a second.

import type { CliIo } from "../io.ts";

const PATIENCE_MILLIS = 1000;
const INTERVAL_MILLIS = 100;
const WIDTH = 30;

export class Progress {
  readonly #size: number | undefined;
  readonly #io: CliIo;
  readonly #began: number;
  #shown = 0;
  #bytes = 0;

  constructor(size: number | undefined, io: CliIo) {
    this.#size = size;
    this.#io = io;
    this.#began = io.now();
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    const now = this.#io.now();
    const early = now - this.#began < PATIENCE_MILLIS || now - this.#shown < INTERVAL_MILLIS;
    if (!this.#io.watched || early) return;
    this.#shown = now;
    this.#io.err(`\r${this.#line()}`);
  }

  done(): void {
    if (this.#shown > 0) this.#io.err(`\r${" ".repeat(WIDTH + 20)}\r`);
  }

  #line(): string {
    const megabytes = `${(this.#bytes / 1e6).toFixed(0)} MB`;
    if (!this.#size) return megabytes;
    const part = Math.min(1, this.#bytes / this.#size);
    const filled = Math.round(part * WIDTH);
    const bar = `${"=".repeat(filled)}${" ".repeat(WIDTH - filled)}`;
    return `[${bar}] ${(part * 100).toFixed(0).padStart(3)} % ${megabytes}`;
  }
}
