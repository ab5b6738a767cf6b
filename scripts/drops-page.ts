// docs/drops.md from the data path's own list: `node scripts/drops-page.ts` writes the page, and
// tests/docs.test.ts sees that nobody forgot to.

import { writeFileSync } from "node:fs";
import { DROP } from "../src/packet/verdict.ts";

/** The whole page, as it must be. */
export function dropsPage(): string {
  const rows = Object.entries(DROP).map(
    ([name, { sentence, advice }]) => `| \`${name}\` | ${sentence} | ${advice} |`,
  );
  return [
    "# Why a packet was dropped",
    "",
    "Every packet that the gateway receives is sent, consumed (it was for the gateway itself) or",
    "dropped for exactly one of these reasons. The names are stable: stories, captures, counters and",
    "traces use them.",
    "",
    "| reason | what happened | what to do |",
    "| --- | --- | --- |",
    ...rows,
    "",
    "This page is written by `scripts/drops-page.ts` from `src/packet/verdict.ts`.",
    "",
  ].join("\n");
}

if (import.meta.main) writeFileSync(new URL("../docs/drops.md", import.meta.url), dropsPage());
