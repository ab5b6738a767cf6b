// What happened, as lines of the log: a sentence with the numbers that people want, and all of them
// beside it.

import type { DataPathCounts, LogLine } from "./data-path.ts";
import type { Applied, Status } from "./messages.ts";

export function tellApplied({ kept, ended, notices, millis }: Applied, cause: string): LogLine[] {
  const count = sum(ended.values());
  const reasons = [...ended].map(([reason, flows]) => `${reason} ${flows}`).join(", ");
  const why = count === 0 ? "" : ` (${reasons})`;
  const flows = `${kept} ${kept === 1 ? "flow" : "flows"} kept, ${count} ended${why}`;
  const applied: LogLine = {
    level: "info",
    message: `configuration applied: ${flows}`,
    details: { cause, kept, ended: Object.fromEntries(ended), millis: rounded(millis) },
  };
  return [applied, ...notices.map((message): LogLine => ({ level: "warn", message }))];
}

export function tellStopped({ gateway, interfaces }: DataPathCounts): LogLine {
  const { received, sent, consumed, waiting, answered } = gateway;
  const dropped = sum(gateway.dropped.values());
  return {
    level: "info",
    message: `stopped: ${received} packets received, ${sent} sent, ${dropped} dropped`,
    details: {
      received,
      sent,
      consumed,
      waiting,
      answered,
      dropped: Object.fromEntries(gateway.dropped),
      interfaces: Object.fromEntries(interfaces),
    },
  };
}

export function tellStatus({ longestTurnMillis, ...turns }: Status): LogLine {
  const details = { ...turns, longestTurnMillis: rounded(longestTurnMillis) };
  return { level: "debug", message: "turns of the last second", details };
}

/** What was thrown, as plain data. */
export function told(error: unknown): { readonly message: string; readonly stack: string } {
  if (!(error instanceof Error)) return { message: String(error), stack: "" };
  return { message: error.message, stack: error.stack ?? "" };
}

export function rounded(millis: number): number {
  return Math.round(millis * 1000) / 1000;
}

function sum(numbers: Iterable<number>): number {
  return [...numbers].reduce((total, each) => total + each, 0);
}
