// The configuration file as it is now, and what is wrong with it, in lines of the log.

import { readFileSync } from "node:fs";
import type { ConfigIssue } from "../config/issue.ts";
import { type LoadResult, loadConfig } from "../config/load.ts";
import { natModes } from "../nat/modes.ts";
import type { Log } from "./data-path.ts";

/** Throws an Error with a sentence when there is nothing to read. */
export function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === "ENOENT" ? "there is no such file" : message;
    throw new Error(`${file}: ${reason}`, { cause: error });
  }
}

/** Says each issue. */
export function checkText(text: string, file: string, log: Log): LoadResult {
  const result = loadConfig(text, file, natModes);
  for (const issue of result.issues) sayIssue(issue, log);
  return result;
}

/** In the words of `isthmus check`. */
function sayIssue(issue: ConfigIssue, log: Log): void {
  const { severity, code, place, path, message, hint, other } = issue;
  const { file, line, column } = place;
  log({
    level: severity === "error" ? "error" : "warn",
    message: `${file}:${line}:${column}: ${severity} ${code}: ${message}`,
    details: {
      hint,
      code,
      path,
      file,
      line,
      column,
      ...(other && { other: `${other.place.file}:${other.place.line}:${other.place.column}` }),
    },
  });
}
