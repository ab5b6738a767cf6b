// The project's own files as text, for tests that read them.

import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

export interface SourceFile {
  /** From the project's root, e.g. "src/wire/prefix.ts". */
  readonly path: string;
  readonly text: string;
  /** The text with comments and strings blanked; each line keeps its number and its length. */
  readonly code: string;
  /** The text of every import, as written: "./port.ts", "node:fs", "zod". */
  readonly imports: readonly string[];
}

/** All TypeScript and JavaScript files, in path order. */
export function sourceFiles(): SourceFile[] {
  const paths = globSync("{bin,src,tests,bench,scripts}/**/*.{ts,mjs}", { cwd: root });
  return paths.sort().map((path) => {
    const text = readFileSync(`${root}${path}`, "utf8");
    return { path, text, code: codeOnly(text), imports: importsOf(text) };
  });
}

/** All pages, in path order. */
export function markdownFiles(): { path: string; text: string }[] {
  const paths = globSync(["*.md", "{src,tests,docs,bench,examples}/**/*.md"], { cwd: root });
  return paths.sort().map((path) => ({ path, text: readFileSync(`${root}${path}`, "utf8") }));
}

// A regular expression literal stands where an operand may; only then is "/" not a division.
const REGULAR_EXPRESSION =
  /(?<=[(,=:[!&|?{};>\n]\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n])+\/[a-z]*/;
const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?\*\//;
const STRING = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/;
const NOT_CODE = new RegExp(
  [COMMENT, REGULAR_EXPRESSION, STRING].map(({ source }) => source).join("|"),
  "g",
);

export function codeOnly(text: string): string {
  return text.replace(NOT_CODE, (token) => token.replace(/[^\n]/g, " "));
}

function importsOf(text: string): string[] {
  const pattern =
    /^(?:import|export|\} from)\b(?:[^;"]*?\bfrom)?\s*"([^"]+)"|\bimport\("([^"]+)"\)/gm;
  return [...text.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? "");
}
