// docs/conformance.md from the tables in tests/conformance/: `node scripts/conformance-page.ts`
// writes the page, and tests/docs.test.ts sees that nobody forgot to.

import { writeFileSync } from "node:fs";
import { conformanceTables } from "../src/cli/commands/conformance.ts";
import {
  type ConformanceTable,
  countStatuses,
  type Requirement,
} from "../src/stories/conformance.ts";
import { allStories } from "../tests/support/all-stories.ts";

/** The whole page, as it must be. */
export function conformancePage(): string {
  const files = new Map(allStories().map(({ name, file }) => [name, file]));
  return [
    "# Conformance",
    "",
    "How the gateway stands to each requirement of the RFCs about NAT, in our words, and the packet",
    "stories that show it. `isthmus conformance` prints the same and exits 1 when a MUST is not met.",
    "*By choice* means: known, and left to the operator or decided otherwise, for the reason that is",
    "said.",
    "",
    ...conformanceTables().flatMap((table) => section(table, files)),
    "This page is written by `scripts/conformance-page.ts` from `tests/conformance/`.",
    "",
  ].join("\n");
}

function section(table: ConformanceTable, files: ReadonlyMap<string, string>): string[] {
  const { rfc, title, note, requirements } = table;
  const counts = [...countStatuses(table)].map(([status, count]) => `${count} ${status}`);
  return [
    `## RFC ${rfc}: ${title}`,
    "",
    ...(note === undefined ? [] : [note, ""]),
    `${counts.join(", ")}.`,
    "",
    "| requirement | level | status | what it asks | stories |",
    "| --- | --- | --- | --- | --- |",
    ...requirements.map((each) => row(each, files)),
    "",
  ];
}

function row(requirement: Requirement, files: ReadonlyMap<string, string>): string {
  const { id, level, status, words, reason, stories } = requirement;
  const links = stories.map((name) => `[${escaped(name)}](../${files.get(name)})`);
  const said = reason === undefined ? words : `${words} *${reason}*`;
  return `| ${id} | ${level} | ${status} | ${escaped(said)} | ${links.join("; ")} |`;
}

function escaped(text: string): string {
  return text.replace(/[|[\]]/g, "\\$&");
}

if (import.meta.main) {
  writeFileSync(new URL("../docs/conformance.md", import.meta.url), conformancePage());
}
