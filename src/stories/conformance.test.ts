import assert from "node:assert/strict";
import { test } from "node:test";
import { countStatuses, readConformance, unmetMusts } from "./conformance.ts";

const HEAD = "rfc: 1\ntitle: One\nrequirements:\n";
const MET = "  - { id: A, level: MUST, words: Do it., status: met, stories: [it is done] }\n";
const UNMET = "  - { id: B, level: MUST NOT, words: Don't., status: not met, reason: not yet }\n";
const CHOSEN = "  - { id: C, level: MUST, words: Do., status: by choice, reason: we do not }\n";
const SHOULD = "  - { id: D, level: SHOULD, words: Do., status: not met, reason: not yet }\n";

test("a table is read; rows of a MUST that are not met are told", () => {
  const table = readConformance(`${HEAD}${MET}${UNMET}${CHOSEN}${SHOULD}`, "x.yaml");
  assert.deepEqual(
    unmetMusts(table).map(({ id }) => id),
    ["B"],
  );
  assert.deepEqual(
    [...countStatuses(table)],
    [
      ["met", 1],
      ["not met", 2],
      ["by choice", 1],
    ],
  );
});

test("a row that claims without a story, or excuses without a reason, is refused", () => {
  for (const [row, message] of [
    [MET.replace("stories: [it is done]", "stories: []"), /x\.yaml: A is met, but no story shows/],
    [UNMET.replace(", reason: not yet", ""), /x\.yaml: B is not met, but no reason is said/],
    [MET + MET, /x\.yaml: A has two rows/],
    [MET.replace("MUST", "MUSTY"), /x\.yaml: requirements\.0\.level: /],
    [MET.replace("stories", "storys"), /x\.yaml: requirements\.0: .*storys/],
    ["  - [", /x\.yaml: /],
  ] as const) {
    assert.throws(() => readConformance(HEAD + row, "x.yaml"), message);
  }
});
