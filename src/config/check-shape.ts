// Compares the document with its shape and says what differs in our own words.

import type { z } from "zod";
import type { Path } from "./path.ts";
import type { Report } from "./report.ts";
import { nearest } from "./suggest.ts";
import { kindOf, partName, show } from "./wording.ts";

type ZodIssue = z.core.$ZodIssue;

/** False when a part was not looked at, of which nothing is known then. */
export function checkShape(shape: z.ZodType, value: unknown, report: Report): boolean {
  const lost = sayLostKeys(value, [], report);
  const issues = shape.safeParse(value).error?.issues ?? [];
  for (const issue of issues) {
    const missing = valueAt(value, pathOf(issue)) === undefined;
    if (!missing || !isMisspelt(issue, issues)) sayIssue(issue, shape, value, report);
  }
  return !lost;
}

/** The library that checks shapes passes over one key, and so over all that is in it. */
const LOST = "__proto__";
/** No key of a configuration is deeper; a file may contain itself. */
const DEPTH_MAX = 16;

/** Whether there are any. */
function sayLostKeys(value: unknown, path: Path, report: Report): boolean {
  if (typeof value !== "object" || value === null || path.length > DEPTH_MAX) return false;
  let lost = false;
  for (const [key, inner] of Object.entries(value)) {
    const here = [...path, Array.isArray(value) ? Number(key) : key];
    if (key !== LOST) lost = sayLostKeys(inner, here, report) || lost;
    else {
      lost = true;
      report.add("shape/unknown-key", here, `"${LOST}" is no key and no name.`, "Rename it.");
    }
  }
  return lost;
}

function pathOf({ path }: ZodIssue): Path {
  return path.map((part) => (typeof part === "number" ? part : String(part)));
}

/** Whether it is a missing key that stands there with a slip: the unknown key says it. */
function isMisspelt({ path }: ZodIssue, issues: readonly ZodIssue[]): boolean {
  const holder = JSON.stringify(path.slice(0, -1));
  return issues.some(
    (each) =>
      each.code === "unrecognized_keys" &&
      JSON.stringify(each.path) === holder &&
      each.keys.some((key) => nearest(key, [String(path.at(-1))]) !== undefined),
  );
}

function sayIssue(issue: ZodIssue, shape: z.ZodType, value: unknown, report: Report): void {
  const path = pathOf(issue);
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(shape, path, value);
    for (const key of issue.keys) sayUnknownKey(key, [...path, key], known, report);
    return;
  }
  const is = valueAt(value, path);
  if (is === undefined) {
    const key = path.at(-1);
    report.add("shape/missing", path, `${key} is missing.`, `Add ${key}: ${wanted(issue)}.`);
    return;
  }
  const isScalar = typeof is !== "object" || is === null;
  if (issue.code === "invalid_value" && isScalar) {
    const allowed = issue.values.map((each) => `"${String(each)}"`).join(", ");
    const guess = nearest(String(is), issue.values.map(String));
    const hint = guess ? `Did you mean "${guess}"?` : `Use one of ${allowed}.`;
    report.add("shape/wrong-value", path, `${show(is)} is not one of ${allowed}.`, hint);
    return;
  }
  if (!isScalar || issue.code === "invalid_type" || issue.code === "invalid_union") {
    const message = `${partName(path)} is ${kindOf(is)}, but must be ${wanted(issue)}.`;
    report.add("shape/wrong-type", path, message, `Write ${wanted(issue)} here.`);
    return;
  }
  const limit = limitOf(issue);
  const message = limit ? `${show(is)} is too ${limit.too}.` : `${show(is)}: ${issue.message}.`;
  const hint = limit ? `Use ${limit.limit} or ${limit.way}.` : "Use a value within the range.";
  report.add("shape/wrong-value", path, message, hint);
}

function limitOf(issue: ZodIssue) {
  if (issue.code === "too_small") return { too: "small", limit: issue.minimum, way: "more" };
  if (issue.code === "too_big") return { too: "large", limit: issue.maximum, way: "less" };
  return undefined;
}

function sayUnknownKey(key: string, path: Path, known: readonly string[], report: Report): void {
  const guess = nearest(key, known);
  const hint = guess ? `Did you mean "${guess}"?` : `Remove it, or use one of ${known.join(", ")}.`;
  report.add("shape/unknown-key", path, `There is no key "${key}" here.`, hint);
}

/** The keys that the object at `path` may have. */
function knownKeys(shape: z.ZodType, path: Path, value: unknown): readonly string[] {
  let current: z.ZodType | undefined = unwrap(shape);
  for (const part of path) current = current && unwrap(childOf(current, part));
  const object = current as { shape?: Record<string, unknown> } | undefined;
  return Object.keys(object?.shape ?? valueAt(value, path) ?? {});
}

/** Through "optional", "nullable" and the like to what is inside. */
function unwrap(shape: z.ZodType | undefined): z.ZodType | undefined {
  let current = shape as (z.ZodType & { unwrap?: () => z.ZodType }) | undefined;
  while (current && ["optional", "nullable", "default"].includes(current.def.type)) {
    current = current.unwrap?.();
  }
  return current;
}

function childOf(shape: z.ZodType, part: string | number): z.ZodType | undefined {
  const parts = shape as unknown as {
    shape?: Record<string, z.ZodType>;
    element?: z.ZodType;
    valueType?: z.ZodType;
  };
  return parts.shape?.[part] ?? parts.element ?? parts.valueType;
}

function valueAt(value: unknown, path: Path): unknown {
  let current = value;
  for (const part of path)
    current = (current as Record<string | number, unknown> | undefined)?.[part];
  return current;
}

const KINDS: Readonly<Record<string, string>> = {
  string: "text",
  int: "a whole number",
  number: "a number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping",
  record: "a mapping",
};

function wanted(issue: ZodIssue): string {
  if (issue.code === "invalid_type") return KINDS[issue.expected] ?? issue.expected;
  if (issue.code === "invalid_union") {
    const kinds = issue.errors.flatMap((errors) => errors.map(wanted));
    return [...new Set(kinds)].join(" or ");
  }
  if (issue.code === "invalid_value") {
    return `one of ${issue.values.map((each) => `"${String(each)}"`).join(", ")}`;
  }
  return "a value";
}
