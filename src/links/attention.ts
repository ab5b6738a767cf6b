// How many frames for the gateway itself are looked at: so many a second from each VPC, so that
// one whose hosts say too much keeps the others from nothing.

const FRAMES_A_SECOND = 2000;

export class Attention {
  /** By VPC: how many may be looked at, and when that was so. */
  readonly #left = new Map<string, { tokens: number; since: number }>();

  /** Whether another is; `now` in milliseconds. */
  take(vpc: string, now: number): boolean {
    const left = this.#left.get(vpc) ?? { tokens: FRAMES_A_SECOND, since: now };
    const gained = ((now - left.since) * FRAMES_A_SECOND) / 1000;
    left.tokens = Math.min(left.tokens + gained, FRAMES_A_SECOND);
    left.since = now;
    this.#left.set(vpc, left);
    if (left.tokens < 1) return false;
    left.tokens--;
    return true;
  }

  /** From the beginning, for all. */
  clear(): void {
    this.#left.clear();
  }
}
