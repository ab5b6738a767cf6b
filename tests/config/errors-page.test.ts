// docs/errors.md has an entry for each code, and each example there has exactly that issue.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ISSUE_CODES, type IssueCode } from "../../src/config/issue-codes.ts";
import { loadConfig } from "../../src/config/load.ts";
import { natModes } from "../../src/nat/modes.ts";

const page = readFileSync("docs/errors.md", "utf8");
const entries = [...page.matchAll(/^### (\S+)\n[\s\S]*?```yaml\n([\s\S]*?)```/gm)].map(
  ([, code, example]) => ({ code: code as IssueCode, example: example ?? "" }),
);

test("every code has an entry, and every entry a code", () => {
  assert.deepEqual(entries.map(({ code }) => code).sort(), Object.keys(ISSUE_CODES).sort());
});

for (const { code, example } of entries) {
  test(`the example of ${code} has this issue and no other`, () => {
    const { config, issues } = loadConfig(example, "example.yaml", natModes);
    assert.deepEqual(
      issues.map((issue) => issue.code),
      [code],
    );
    assert.equal(config === undefined, ISSUE_CODES[code] === "error");
    for (const { message, hint, place } of issues) {
      assert.match(message, /\.$/, "a message is a sentence");
      assert.match(hint, /[.?]$/, "a hint is a sentence");
      assert.ok(place.line >= 1 && place.column >= 1);
    }
  });
}
