// docs/drops.md from the data path's own list: `node scripts/drops-page.ts` writes the page, and
// tests/docs.test.ts sees that nobody forgot to.

import { writeFileSync } from "node:fs";
import { DROP } from "../src/packet/verdict.ts";

const LEDGER = `## How drops are counted

Every dropped packet is counted once, where its verdict is settled: by reason, by the step of the
pipeline that dropped it, by the interface it came by, and by the VPCs it came from and was going
to, as far as they were known by then. A packet that was held for a neighbor, and dropped before
it could leave, counts for the step \`held\`; plain packets that find no way out, for
\`fast-path\`. Counts go by the names of VPCs, so they go on when a configuration is applied.
There are 4,096 counters; when all are taken, further combinations are counted by reason alone,
and the report says how many packets that were.

Of each reason and pair of VPCs the last eight packets are kept as samples, at most one in 100 ms:
the first 256 bytes of the frame as it came, tunnel included, what it was decided by, and when. So
a flood of one kind costs next to nothing and pushes out no sample of another. There is room for
512 kinds; the report says of how many packets no sample could be kept.

In a sample of a packet that was dropped behind \`translate\`, addresses are already translated.
Of one that was held there is the IP packet alone. One whose checksums were left to a network card
still lacks them.

Frames that a driver lost, as they came faster than they were taken or could not be sent, never
were packets of the gateway, or have already left it: they are told apart, by interface.`.split(
  "\n",
);

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
    ...LEDGER,
    "",
    "This page is written by `scripts/drops-page.ts` from `src/packet/verdict.ts`.",
    "",
  ].join("\n");
}

if (import.meta.main) writeFileSync(new URL("../docs/drops.md", import.meta.url), dropsPage());
