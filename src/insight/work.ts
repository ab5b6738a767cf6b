// Work in pieces.

/** Stops (`yield`) whenever it has done as much as packets may wait for, some 0.1 ms; returns the
 * answer. Nothing it has read is certain to be still there when it goes on. */
export type Work<T> = Generator<undefined, T, undefined>;

/** All of it at once, where no packets wait. */
export function finish<T>(work: Work<T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}
