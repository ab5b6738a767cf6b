// Lines to the end of a file, without waiting for the disk. What finds no room in front of a slow
// disk, or on a full one, is lost and counted, and the file itself says so when it can again.

import { type FileHandle, open } from "node:fs/promises";

/** Characters that may wait for the disk. */
const WAITING_MAX = 16 * 1024 * 1024;
const RETRY_MILLIS = 1000;
/** Who talked when is nobody's business. */
const MODE = 0o600;

const END_OF_LINE = 10;

/** Whole lines. */
interface Part {
  readonly text: string;
  readonly records: number;
}

/** The line that says so. */
export type LostLine = (records: number, now: number) => string;

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
  /** Records of which the file says that they are lost. */
  #told = 0;
  /** Whether the file ends within a line, as the disk was full then. */
  #torn = false;
  readonly #lostLine: LostLine;

  constructor(path: string, lostLine: LostLine = () => "") {
    this.#path = path;
    this.#lostLine = lostLine;
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
    await this.#leave();
  }

  /** A disk may say only now that it has not taken all. */
  async #leave(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    this.#torn = false;
    try {
      await handle?.close();
    } catch (error) {
      this.trouble = (error as Error).message;
    }
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      const parts = this.#waiting;
      this.#waiting = [];
      const untold = this.lost - this.#told;
      const sorry = { text: untold > 0 ? this.#lostLine(untold, this.#now) : "", records: 0 };
      if (await this.#append([sorry, ...parts])) this.#told += untold;
      this.#length -= parts.reduce((sum, { text }) => sum + text.length, 0);
    }
    this.#working = undefined;
  }

  /** Whether the first part, at least, is in the file. */
  async #append(parts: readonly Part[]): Promise<boolean> {
    const [first] = parts;
    const lines = parts.map(({ text }) => text).join("");
    let rest = Buffer.from(lines);
    try {
      const handle = await this.#open();
      if (this.#torn) await this.#write(handle, Buffer.from("\n"));
      while (rest.length > 0) rest = rest.subarray(await this.#write(handle, rest));
      return true;
    } catch (error) {
      // A record is a line, and those that are in the file are not lost.
      const all = parts.reduce((sum, { records }) => sum + records, 0);
      const records = Math.min(all, rest.toString().split("\n").length - 1);
      this.#lose([{ text: "", records }], (error as Error).message);
      return Buffer.byteLength(lines) - rest.length >= Buffer.byteLength(first!.text);
    }
  }

  async #write(handle: FileHandle, bytes: Buffer): Promise<number> {
    const { bytesWritten } = await handle.write(bytes);
    if (bytesWritten > 0) this.#torn = bytes[bytesWritten - 1] !== END_OF_LINE;
    return bytesWritten;
  }

  async #open(): Promise<FileHandle> {
    if (this.#stale) {
      this.#stale = false;
      await this.#leave();
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
