// A table on the terminal: titles in bold, and under it what had no room.

import type { CliIo } from "./io.ts";
import { type Column, fitTable } from "./table.ts";

const BOLD = "\x1b[1m";
const DIM = "\x1b[2m";
const RED = "\x1b[31m";
const PLAIN = "\x1b[0m";

function paint(code: string, text: string, { colour }: Pick<CliIo, "colour">): string {
  return colour ? `${code}${text}${PLAIN}` : text;
}

export function bold(text: string, io: Pick<CliIo, "colour">): string {
  return paint(BOLD, text, io);
}

export function dim(text: string, io: Pick<CliIo, "colour">): string {
  return paint(DIM, text, io);
}

export function red(text: string, io: Pick<CliIo, "colour">): string {
  return paint(RED, text, io);
}

/** What is said to. */
export type Screen = Pick<CliIo, "colour" | "columns">;

/** Lines with their ends. */
export function tableText(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  io: Screen,
): string {
  const { lines, left } = fitTable(columns, rows, io.columns);
  const [titles = "", ...body] = lines;
  const said = left.length > 0 ? [note(`no room for: ${left.join(", ")}`, io)] : [];
  return `${[bold(titles, io), ...body].join("\n")}\n${said.join("")}`;
}

/** What is said about a table, broken into lines that fit. */
export function note(text: string, io: Screen): string {
  return wrap(text, io.columns)
    .map((line) => `${dim(line, io)}\n`)
    .join("");
}

/** Lines of words, those behind the first with `indent`; `width` undefined: one line. */
export function wrap(text: string, width = Number.POSITIVE_INFINITY, indent = ""): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(lines.length === 0 ? word : `${indent}${word}`);
  }
  return lines;
}
