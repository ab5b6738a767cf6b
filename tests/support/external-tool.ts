// Programs that some tests need and npm cannot bring. `npm test` installs them where it may.

import { existsSync } from "node:fs";
import type { TestContext } from "node:test";

/**
 * Whether `program` is on the path. If not, the test is skipped with a sentence; where CI=true it
 * fails, so that nothing goes untested unnoticed. `needed` completes "chromium is missing, needed".
 */
export function hasProgram(t: TestContext, program: string, needed: string): boolean {
  const folders = (process.env["PATH"] ?? "").split(":");
  if (folders.some((folder) => existsSync(`${folder}/${program}`))) return true;
  const sentence = `${program} is missing, needed ${needed}`;
  if (process.env["CI"] === "true") throw new Error(`${sentence}: apt-get install ${program}`);
  t.skip(sentence);
  return false;
}
