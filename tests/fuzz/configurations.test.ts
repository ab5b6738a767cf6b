// Two thousand damaged configuration files: no exception, and whatever is refused says where and why.

import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { type Random, seededRandom } from "../../src/base/random.ts";
import { loadConfig } from "../../src/config/load.ts";
import { natModes } from "../../src/nat/modes.ts";
import { gatewayOf } from "../support/gateway.ts";

const FILES = 2_000;
const SEED = Number(process.env["ISTHMUS_SEED"] ?? 20261123);

const originals = globSync([
  "examples/*.yaml",
  "examples/broken/*.yaml",
  "tests/stories/configs/*.yaml",
])
  .sort()
  .map((file) => readFileSync(file, "utf8"));
/** Files of several documents have most ways to be wrong. */
const objects = originals.filter((text) => text.includes("kind: "));
const words = [...new Set(originals.flatMap((text) => text.split(/[\s{}[\],:]+/)))].filter(Boolean);
const oddities = [
  "null",
  "~",
  "[]",
  "{}",
  "-1",
  "5",
  "0",
  "1e99",
  '""',
  "!!binary x",
  "&a",
  "*a",
  "<<",
  "true",
  "\t",
  "---",
  "...",
  "0.0.0.0/0",
  "::/0",
  "4294967296",
  "'",
  '"',
  "|",
  ">",
  "? ",
  "%YAML 9",
  "\u0000",
  "__proto__",
  "constructor",
  "1-65535",
  "99999",
  "2001:db8::/129",
];

/** Replaces, removes, repeats or swaps a few words, lines or characters. */
function damage(text: string, random: Random): string {
  let result = text;
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const at = random.below(result.length + 1);
    const lines = result.split("\n");
    const line = random.below(lines.length);
    const kind = random.below(8);
    const word = words[random.below(words.length)]!;
    if (kind === 0) result = result.slice(0, at) + result.slice(at + 1 + random.below(8));
    else if (kind === 1)
      result = `${result.slice(0, at)}${oddities[random.below(oddities.length)]}${result.slice(at)}`;
    else if (kind === 2) result = lines.toSpliced(line, 1).join("\n");
    else if (kind === 3)
      result = lines.toSpliced(line, 0, lines[random.below(lines.length)]!).join("\n");
    else if (kind === 4) result = result.replace(word, words[random.below(words.length)]!);
    else if (kind === 5) result = result.replace(word, oddities[random.below(oddities.length)]!);
    else if (kind === 6) result = `${result.slice(0, at)}${word}${result.slice(at)}`;
    else result = replaceToken(result, random);
  }
  return result;
}

/** Some value or key, as a whole, becomes something of another kind. */
function replaceToken(text: string, random: Random): string {
  const tokens = [...text.matchAll(/[^\s{}[\],:"]+/g)];
  const token = tokens[random.below(tokens.length || 1)];
  if (token === undefined) return text;
  const oddity = oddities[random.below(oddities.length)]!;
  return text.slice(0, token.index) + oddity + text.slice(token.index + token[0].length);
}

test(`${FILES} damaged configurations: no exception, every refusal has its place`, () => {
  const random = seededRandom(SEED);
  let accepted = 0;
  for (let i = 0; i < FILES; i++) {
    const from = random.below(4) === 0 ? objects : originals;
    const text = damage(from[random.below(from.length)]!, random);
    const lines = text.split("\n").length;
    const { config, issues } = loadConfig(text, "fuzz.yaml", natModes);
    assert.equal(
      config === undefined,
      issues.some(({ severity }) => severity === "error"),
    );
    for (const { place, message, hint } of issues) {
      assert.ok(place.line >= 1 && place.line <= lines + 1, `line ${place.line} of ${lines}`);
      assert.ok(message.length > 0 && hint.length > 0);
    }
    if (config === undefined) continue;
    accepted++;
    assert.equal(gatewayOf(text).generation, 1);
  }
  assert.ok(accepted > FILES / 20, `only ${accepted} were accepted`);
});
