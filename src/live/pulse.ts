// A few numbers that the two threads share without a message: how the main thread sees that the
// data path still takes turns and what it is at, and how the data path sees that a message waits.

const BEAT = 0;
const PHASE = 1;
const SENT = 2;
const TAKEN = 3;
const CELLS = 16;

/** What the worker is at, for whoever finds it stuck there. */
export const PHASES = [
  "starting",
  "handling packets",
  "waiting for packets",
  "carrying out a command",
  "closing",
] as const;
export type Phase = (typeof PHASES)[number];

export const STARTING = 0;
export const HANDLING = 1;
export const SLEEPING = 2;
export const COMMANDED = 3;
export const CLOSING = 4;

export class Pulse {
  /** To be given to the other thread, which makes its own Pulse of it. */
  readonly shared: SharedArrayBuffer;
  readonly #cells: Int32Array;

  constructor(shared = new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT)) {
    this.shared = shared;
    this.#cells = new Int32Array(shared);
  }

  /** Turns taken, modulo 2^32. */
  get beat(): number {
    return Atomics.load(this.#cells, BEAT);
  }

  get phase(): Phase {
    return PHASES[Atomics.load(this.#cells, PHASE)] ?? "starting";
  }

  /** Messages sent to the worker, modulo 2^32. */
  get sent(): number {
    return Atomics.load(this.#cells, SENT);
  }

  /** Blocks of flow events that the main thread has taken, modulo 2^32. */
  get taken(): number {
    return Atomics.load(this.#cells, TAKEN);
  }

  /** The main thread has taken one more. */
  take(): void {
    Atomics.add(this.#cells, TAKEN, 1);
  }

  /** The worker begins a turn. */
  begin(): void {
    Atomics.store(this.#cells, PHASE, HANDLING);
    Atomics.add(this.#cells, BEAT, 1);
  }

  /** The worker goes on with something else; `phase` is an index of PHASES. */
  enter(phase: number): void {
    Atomics.store(this.#cells, PHASE, phase);
  }

  /** The main thread has sent a message. */
  announce(): void {
    Atomics.add(this.#cells, SENT, 1);
  }
}
