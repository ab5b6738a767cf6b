// Lines to the end of a file, without waiting for the disk. What finds no room in front of a slow
// disk is lost and counted.

import { type FileHandle, open } from "node:fs/promises";

/** Characters that may wait for the disk. */
const WAITING_MAX = 16 * 1024 * 1024;
const RETRY_MILLIS = 1000;
/** Who talked when is nobody's business. */
const MODE = 0o600;

interface Part {
  readonly text: string;
  readonly records: number;
}

export class FileAppender {
  /** Records that were not written. */
  lost = 0;
  /** Why the last ones were not. */
  trouble: string | undefined;
  readonly #path: string;
  #handle: FileHandle | undefined;
  #waiting: Part[] = [];
  #length = 0;
  #working: Promise<void> | undefined;
  #stale = false;
  #openAt = Number.NEGATIVE_INFINITY;
  #now = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** `records`: what is lost with it. `now` in milliseconds. */
  write(text: string, records: number, now: number): void {
    this.#now = now;
    if (this.#length > 0 && this.#length + text.length > WAITING_MAX) {
      this.#lose([{ text, records }], "the disk is too slow");
      return;
    }
    this.#waiting.push({ text, records });
    this.#length += text.length;
    this.#working ??= this.#work();
  }

  /** What comes from now on goes into the file that has the name then: for whoever has renamed the
   * one of before. */
  reopen(): void {
    this.#stale = true;
    this.#openAt = Number.NEGATIVE_INFINITY;
  }

  /** Resolves when nothing waits for the disk. */
  get settled(): Promise<void> {
    return this.#working ?? Promise.resolve();
  }

  async close(): Promise<void> {
    await this.settled;
    await this.#handle?.close();
    this.#handle = undefined;
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      const parts = this.#waiting;
      this.#waiting = [];
      try {
        const handle = await this.#open();
        await handle.appendFile(parts.map(({ text }) => text).join(""));
      } catch (error) {
        this.#lose(parts, (error as Error).message);
      }
      this.#length -= parts.reduce((sum, { text }) => sum + text.length, 0);
    }
    this.#working = undefined;
  }

  async #open(): Promise<FileHandle> {
    if (this.#stale) {
      this.#stale = false;
      await this.#handle?.close();
      this.#handle = undefined;
    }
    if (this.#handle) return this.#handle;
    if (this.#now < this.#openAt) throw new Error(this.trouble);
    this.#openAt = this.#now + RETRY_MILLIS;
    this.#handle = await open(this.#path, "a", MODE);
    return this.#handle;
  }

  #lose(parts: readonly Part[], why: string): void {
    this.lost += parts.reduce((sum, { records }) => sum + records, 0);
    this.trouble = why;
  }
}
