// How fast time passes in a simulated week: about two million packets.

export const DAY = 24 * 3_600_000;
/** Milliseconds between two batches, on average. */
export const WEEK_PACE = 9_000;
