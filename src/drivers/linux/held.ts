// What a driver holds of the system, given back in one go: when it is closed, and when opening it
// fails halfway.

import type { System } from "./sys.ts";

export class Held {
  readonly #system: System;
  readonly #releases: (() => void)[] = [];

  constructor(system: System) {
    this.#system = system;
  }

  /** Takes over a file descriptor. */
  fd(fd: number): number {
    this.add(() => this.#system.close(fd));
    return fd;
  }

  add(release: () => void): void {
    this.#releases.push(release);
  }

  /** The last first. Whatever is held only once is released only once. */
  release(): void {
    for (;;) {
      const release = this.#releases.pop();
      if (release === undefined) return;
      release();
    }
  }
}
