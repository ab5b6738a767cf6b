// How messages speak of values and of parts of the document.

import type { Path } from "./path.ts";

/** At the start of a sentence: "The file", "blue", "Entry 3 of ips". */
export function partName(path: Path): string {
  const last = path.at(-1);
  if (last === undefined) return "The file";
  return typeof last === "number" ? `Entry ${last + 1} of ${path.at(-2)}` : last;
}

/** What kind of value it is, behind "is": "a list", "the number 5". */
export function kindOf(value: unknown): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  if (value instanceof Set) return "a set";
  if (value instanceof Date) return "a date";
  if (value instanceof Uint8Array) return "binary data";
  if (value instanceof Map) return "an ordered mapping (!!omap)";
  if (typeof value === "object") return "a mapping";
  if (typeof value === "number" && !Number.isFinite(value)) return show(value);
  return `${KIND_NAMES[typeof value] ?? typeof value} ${show(value)}`;
}

const KIND_NAMES: Readonly<Record<string, string>> = {
  string: "the text",
  number: "the number",
  bigint: "the number",
  boolean: "the word",
};

/** A scalar as YAML has it, not too much of it. Others may contain themselves. */
export function show(value: unknown): string {
  if (Number.isNaN(value)) return ".nan";
  if (value === Number.POSITIVE_INFINITY) return ".inf";
  if (value === Number.NEGATIVE_INFINITY) return "-.inf";
  return JSON.stringify(value)?.slice(0, 60) ?? String(value);
}
