// Issues for people: where, what, what to do, and the line itself.

import type { ConfigIssue, Place } from "../config/issue.ts";

const RED = "\x1b[31m";
const YELLOW = "\x1b[33m";
const DIM = "\x1b[2m";
const PLAIN = "\x1b[0m";

export function formatIssues(
  issues: readonly ConfigIssue[],
  source: string,
  colour: boolean,
): string {
  const lines = source.split(/\r?\n/);
  const paint = (code: string, text: string) => (colour ? `${code}${text}${PLAIN}` : text);
  return issues
    .map(({ severity, code, place, message, hint, other }) => {
      const { line, column } = place;
      const kind = paint(severity === "error" ? RED : YELLOW, severity);
      const text = lines[line - 1] ?? "";
      const parts = [`${formatPlace(place)}: ${kind} ${code}: ${message}`, `    ${hint}`];
      if (other) {
        parts.push(`    The other place: ${formatPlace(other.place)}, ${other.path}`);
      }
      if (text.trim() !== "" && text.length <= 200) {
        parts.push(paint(DIM, `    ${line} | ${text}`));
        const indent = " ".repeat(`${line} | `.length + column - 1);
        parts.push(paint(DIM, `    ${indent}^`));
      }
      return `${parts.join("\n")}\n`;
    })
    .join("");
}

/** As compilers and editors write it. */
function formatPlace({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`;
}
