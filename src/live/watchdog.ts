// Sees that the data path takes turns. A thread that hangs forwards nothing and says nothing; then
// the process must end, so that whoever looks after it starts it again.

import type { Phase, Pulse } from "./pulse.ts";

/** As long as a turn, and the sleep after it, may take. They take 0.1 s at most. */
export const SILENCE_MILLIS = 5000;
/** Starting, and applying a large configuration, takes longer than any turn. */
const PATIENT: ReadonlySet<Phase> = new Set(["starting", "carrying out a command"]);
const PATIENCE = 6;
/** Looks so often before it is sure: looks are counted and not time, as all of the process may have
 * been stopped, or its machine. */
const LOOKS = 10;

export class Watchdog {
  readonly #timer: NodeJS.Timeout;

  /** Calls `silent` when there was no turn for `silenceMillis`. */
  constructor(pulse: Pulse, silenceMillis: number, silent: () => void) {
    let beat = pulse.beat;
    let looks = 0;
    const look = () => {
      const patience = PATIENT.has(pulse.phase) ? PATIENCE : 1;
      looks = pulse.beat === beat ? looks + 1 : 0;
      beat = pulse.beat;
      if (looks < LOOKS * patience) return;
      this.close();
      silent();
    };
    this.#timer = setInterval(look, silenceMillis / LOOKS);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
