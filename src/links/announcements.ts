// When the gateway tells a link, unasked, where its addresses are: three times, a second apart, as
// a frame may be lost (RFC 5227, 2.3; RFC 4861, 7.2.6); and when somebody else claims one.

const TIMES = 3;
const APART_MILLIS = 1000;
/** RFC 5227, 2.4: DEFEND_INTERVAL. */
const DEFEND_MILLIS = 10_000;

export class Announcements {
  /** By link: how many are left, and when the next is due. */
  readonly #open = new Map<string, { left: number; due: number }>();
  readonly #defended = new Map<string, number>();

  /** From the beginning, at once. */
  start(link: string, now: number): void {
    this.#open.set(link, { left: TIMES, due: now });
  }

  /** The links that are to be told now. */
  due(now: number): string[] {
    const due: string[] = [];
    for (const [link, open] of this.#open) {
      if (now < open.due) continue;
      due.push(link);
      open.left--;
      open.due = now + APART_MILLIS;
      if (open.left === 0) this.#open.delete(link);
    }
    return due;
  }

  next(): number {
    return Math.min(...[...this.#open.values()].map(({ due }) => due));
  }

  /** Whether it is not too soon to do it again. */
  mayDefend(link: string, now: number): boolean {
    const last = this.#defended.get(link);
    if (last !== undefined && now - last < DEFEND_MILLIS) return false;
    this.#defended.set(link, now);
    return true;
  }
}
