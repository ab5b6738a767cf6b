// The option that modes with flows share: how long a flow may be idle.

import { z } from "zod";
import { parseDuration } from "../config/duration.ts";
import type { Reporter } from "../config/report.ts";

export const idleTimeoutShape = z
  .string()
  .optional()
  .describe('how long an established flow may be idle, e.g. "5m0s"');

/** A flow that waits less does not outlive the way of a packet and its answer. */
const LEAST = 1000;

/** Milliseconds; undefined when not given, or when wrong (which is reported at `at`). */
export function parseIdleTimeout(text: string | undefined, at: Reporter): number | undefined {
  if (text === undefined || at.tainted) return undefined;
  const millis = parseDuration(text);
  if (millis === undefined) {
    const hint = 'Write numbers with units, such as "5m", "1h30m" or "90s".';
    at.say("nat/bad-duration", `"${text}" is no duration.`, hint);
  } else if (millis < LEAST) {
    const hint = "Make it 1s or longer, or leave it out for the time of the protocol.";
    at.say("nat/bad-duration", `"${text}" is less than a second: no flow would last.`, hint);
    return undefined;
  }
  return millis;
}
