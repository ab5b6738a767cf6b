// Names that users give. Messages speak of them, so they must be visible.

import type { Reporter } from "./report.ts";
import { isMapping, type RawConfig } from "./shape.ts";

/** Characters that nobody sees: controls and formats (Unicode, general categories Cc and Cf). */
const INVISIBLE = /[\p{Cc}\p{Cf}\u2028\u2029]/u;

export function checkNames(raw: RawConfig, root: Reporter): void {
  // In stories and notation a blank ends these names.
  for (const [key, what] of [
    ["vpcs", "VPC"],
    ["peerings", "peering"],
  ] as const) {
    for (const name of keysOf(raw[key])) checkName(name, what, /\s/, root.at(key, name));
  }
  for (const name of keysOf(raw.groups)) {
    checkName(name, "gateway group", undefined, root.at("groups", name));
  }
  for (const vpc of keysOf(raw.vpcs)) {
    for (const name of keysOf(raw.vpcs?.[vpc]?.subnets)) {
      checkName(name, "subnet", undefined, root.at("vpcs", vpc, "subnets", name));
    }
  }
}

/** Also for names that stand behind a key; those may be empty where they are optional. */
export function checkName(
  name: string,
  what: string,
  forbidden: RegExp | undefined,
  at: Reporter,
): void {
  const hint = `Name it without ${forbidden ? "blanks and " : ""}control characters.`;
  if (name === "") at.say("shape/empty-name", `A ${what} has no name.`, "Give it one.");
  else if (INVISIBLE.test(name) || forbidden?.test(name)) {
    at.say("shape/empty-name", `${JSON.stringify(name)} is no name for a ${what}.`, hint);
  }
}

function keysOf(value: unknown): string[] {
  return isMapping(value) ? Object.keys(value as object) : [];
}
