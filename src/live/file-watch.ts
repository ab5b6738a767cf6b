// Tells that a file may be another one than before. The folder is watched and not the file, since
// editors and tools put a new file in its place, and Kubernetes turns a symbolic link beside it.

import { type BigIntStats, type FSWatcher, realpathSync, watch } from "node:fs";
import { stat } from "node:fs/promises";
import path from "node:path";

/** What changes a file does so in several steps. */
const SETTLE_MILLIS = 100;
/** Network file systems, and links further up, change without telling. */
const LOOK_MILLIS = 5000;

export class FileWatch {
  readonly #file: string;
  readonly #changed: () => void;
  readonly #timer: NodeJS.Timeout;
  #watchers: FSWatcher[] = [];
  #settling: NodeJS.Timeout | undefined;
  #stamp: string | undefined;
  #open = true;

  /** `changed` is called up to ten times a second, too often rather than not at all. */
  constructor(file: string, changed: () => void, lookMillis = LOOK_MILLIS) {
    this.#file = path.resolve(file);
    this.#changed = changed;
    this.#watchFolders();
    this.#timer = setInterval(() => void this.#look(), lookMillis);
    this.#timer.unref();
    void this.#look();
  }

  close(): void {
    this.#open = false;
    clearInterval(this.#timer);
    clearTimeout(this.#settling);
    this.#unwatch();
  }

  /** Its own folder, and the one of the file that a link leads to. What cannot be watched is looked
   * at now and then. */
  #watchFolders(): void {
    this.#unwatch();
    const folders = new Set([path.dirname(this.#file)]);
    try {
      folders.add(path.dirname(realpathSync(this.#file)));
    } catch {
      // Gone for the moment.
    }
    for (const folder of folders) {
      try {
        const watcher = watch(folder, { persistent: false }, () => this.#settle());
        watcher.on("error", () => watcher.close());
        this.#watchers.push(watcher);
      } catch {
        // No such folder, or no more watches to be had.
      }
    }
  }

  #unwatch(): void {
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
  }

  /** Does not begin again with each event: others may write into the folder all the time. */
  #settle(): void {
    if (!this.#open) return;
    this.#settling ??= setTimeout(() => {
      this.#settling = undefined;
      // First watched, then read: nothing happens in between unseen.
      this.#watchFolders();
      this.#changed();
    }, SETTLE_MILLIS);
  }

  async #look(): Promise<void> {
    const stamp = await stat(this.#file, { bigint: true }).then(stampOf, () => "none");
    const changed = this.#stamp !== undefined && stamp !== this.#stamp;
    this.#stamp = stamp;
    if (changed) this.#settle();
  }
}

function stampOf({ dev, ino, size, mtimeNs }: BigIntStats): string {
  return `${dev} ${ino} ${size} ${mtimeNs}`;
}
