// The tables of tests/conformance/ are complete, and what they call met is shown by stories that hold.

import assert from "node:assert/strict";
import { test } from "node:test";
import { conformanceTables } from "../src/cli/commands/conformance.ts";
import { type ConformanceTable, readConformance } from "../src/stories/conformance.ts";
import { allStories, runOfProject } from "./support/all-stories.ts";

/** "4a" is requirement 4, part a; "4" the requirement itself. */
const REQUIREMENTS: Readonly<Record<number, string>> = {
  4787: "1 2 3 3a 4 5 5a 5b 5c 6 6a 7 8 8a 9 9a 10 10a 11 12 12a 12b 13 13a 14 14a",
  5382: "1 2 2a 3 3a 3b 4 4a 5 5a 6 7 8 8a 9 10",
  5508: "1 1a 2 2a 3 3a 3b 3c 3d 4 4a 4b 4c 5 5a 5b 5c 6 7 7a 8 9 10a 10b 10c 10d 10e 10f 11",
  6888: "1 2 3 4 4a 4b 4c 5 5a 5b 6 7 8 8a 8b 8c 9 10 11a 11b 11c 11d 12 13 14 15",
};
/** It has sections. */
const SECTIONS = "2 2.1 2.2 3 4 5 6 7 7.1 8 9 10 11 12";

function idsOf(rfc: number): string[] {
  if (rfc === 7857) return SECTIONS.split(" ");
  return (REQUIREMENTS[rfc] ?? "").split(" ").map((number) => `REQ-${number}`);
}

/** What is wrong with a table. `holds` knows of each story of the project whether it does. */
function wrongOf(table: ConformanceTable, holds: ReadonlyMap<string, boolean>): string[] {
  const ids = table.requirements.map(({ id }) => id);
  const missing = idsOf(table.rfc)
    .filter((id) => !ids.includes(id))
    .map((id) => `${id} has no row`);
  // A row may be a part without a letter: "REQ-4 (later)".
  const strange = ids
    .filter((id) => !idsOf(table.rfc).includes(id.replace(/ \(.*\)$/, "")))
    .map((id) => `${id} is no requirement`);
  const unshown = table.requirements.flatMap(({ id, status, stories }) =>
    stories.flatMap((name) => {
      if (!holds.has(name)) return [`${id}: no story is called "${name}"`];
      return status === "met" && !holds.get(name) ? [`${id}: "${name}" does not hold`] : [];
    }),
  );
  return [...missing, ...strange, ...unshown].map((problem) => `RFC ${table.rfc}: ${problem}`);
}

test("each requirement has a row, and each row that says met has stories that hold", () => {
  const tables = conformanceTables();
  assert.deepEqual(
    tables.map(({ rfc }) => rfc),
    [4787, 5382, 5508, 6888, 7857],
  );
  const named = new Set(
    tables.flatMap(({ requirements }) => requirements.flatMap((r) => r.stories)),
  );
  const stories = allStories().filter(({ name }) => named.has(name));
  const holds = new Map(stories.map((story) => [story.name, runOfProject(story).ok]));
  assert.equal(stories.length, holds.size, "Two stories of one name cannot be told apart.");
  assert.deepEqual(
    tables.flatMap((table) => wrongOf(table, holds)),
    [],
  );
});

test("a table with holes, unknown stories and stories that fail is noticed", () => {
  const text = `
rfc: 5382
title: x
requirements:
  - { id: REQ-1, level: MUST, words: a, status: met, stories: [holds, fails, nobody] }
  - { id: REQ-1 (b), level: MUST, words: a, status: not met, reason: r, stories: [fails] }
  - { id: REQ-99, level: MUST, words: a, status: not met, reason: r }
`;
  const holds = new Map([
    ["holds", true],
    ["fails", false],
  ]);
  const wrong = wrongOf(readConformance(text, "x.yaml"), holds);
  const missing = wrong.filter((problem) => problem.endsWith("has no row"));
  assert.equal(missing.length, idsOf(5382).length - 1);
  assert.deepEqual(wrong.slice(missing.length), [
    "RFC 5382: REQ-99 is no requirement",
    'RFC 5382: REQ-1: "fails" does not hold',
    'RFC 5382: REQ-1: no story is called "nobody"',
  ]);
});
