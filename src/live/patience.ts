// How long turns without packets follow each other before the thread sleeps. Falling asleep and
// being woken takes tens of microseconds, so packets that come closer together than that are better
// waited for awake; but where they come by the work of another thread on the same core, being awake
// is what keeps them from coming. So what has paid off is done longer, and what has not is done
// less, in the end not at all, and tried again now and then.

/** Milliseconds. */
const LONGEST = 0.1;
const SHORTEST = 0.0125;
/** Sleeps between two trials. */
const TRIAL = 32;

export class Patience {
  /** How long it stays awake, in milliseconds; 0 for not at all. */
  millis = LONGEST;
  #sleeps = 0;
  /** When the first of the turns without packets was; and whether the last was one. */
  #emptySince = 0;
  #isEmpty = false;
  #slept = false;

  /** After a turn that began at `now`. */
  turn(came: boolean, now: number): void {
    if (came) {
      if (this.#isEmpty && !this.#slept) this.millis = Math.min(LONGEST, this.millis * 2);
      this.#isEmpty = false;
    } else if (!this.#isEmpty) {
      this.#isEmpty = true;
      this.#emptySince = now;
    }
    this.#slept = false;
  }

  /** Whether it has waited for long enough. */
  isOver(now: number): boolean {
    return this.#isEmpty && now - this.#emptySince >= this.millis;
  }

  /** The thread goes to sleep. */
  sleep(): void {
    this.#slept = true;
    if (this.millis > 0) {
      this.millis = this.millis > SHORTEST ? this.millis / 2 : 0;
      return;
    }
    this.#sleeps++;
    if (this.#sleeps % TRIAL === 0) this.millis = SHORTEST;
  }
}
