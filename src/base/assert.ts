// For our own mistakes, never for the network's or the operator's: a failed assertion stops the
// worker loudly. On in production.

/** Throws when `condition` does not hold; `message` says what we believed. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}
