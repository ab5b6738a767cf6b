// What commands print, kept in files next to this one: a change is seen as a difference of text.
// ISTHMUS_GOLDEN=write writes them anew.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export function assertGolden(name: string, text: string): void {
  const file = fileURLToPath(new URL(`golden/${name}.txt`, import.meta.url));
  if (process.env["ISTHMUS_GOLDEN"] === "write") writeFileSync(file, text);
  const hint = `tests/cli/golden/${name}.txt differs; ISTHMUS_GOLDEN=write writes it anew.`;
  const kept = readFileSync(file, "utf8");
  assert.equal(text, kept, text === kept ? "" : `${hint}\n${text}`);
}
