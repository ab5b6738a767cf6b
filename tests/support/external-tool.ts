// Programs that some tests need and npm cannot bring. `npm test` installs them where it may.

import { existsSync } from "node:fs";
import type { TestContext } from "node:test";

/**
 * The path of `program`. Where it is missing the test is skipped with a sentence, and the result is
 * undefined; where CI=true it fails instead, so that nothing goes untested unnoticed. `purpose`
 * completes "chromium is missing, needed".
 */
export function findProgram(t: TestContext, program: string, purpose: string): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(":");
  const folder = folders.find((candidate) => existsSync(`${candidate}/${program}`));
  if (folder !== undefined) return `${folder}/${program}`;
  const sentence = `${program} is missing, needed ${purpose}`;
  if (process.env["CI"] === "true") throw new Error(`${sentence}: apt-get install ${program}`);
  t.skip(sentence);
  return undefined;
}
