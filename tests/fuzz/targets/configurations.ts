// The configuration loader: whatever is refused says where and why, and whatever is accepted can be
// applied.

import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { seededRandom } from "../../../src/base/random.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { Gateway } from "../../../src/gateway/gateway.ts";
import { natModes } from "../../../src/nat/modes.ts";
import { root } from "../../support/source-files.ts";
import { damageText, type Words } from "../mutate-text.ts";
import { type Target, TEXT } from "../target.ts";
import { ODD_YAML } from "./odd-yaml.ts";

const LENGTH_MAX = 6000;

const originals = globSync(
  ["examples/*.yaml", "examples/broken/*.yaml", "tests/stories/configs/*.yaml"],
  { cwd: root },
)
  .sort()
  .map((path) => readFileSync(`${root}${path}`, "utf8"));

const WORDS: Words = {
  usual: [...new Set(originals.flatMap((text) => text.split(/[\s{}[\],:]+/)))].filter(Boolean),
  odd: ODD_YAML,
  word: /[^\s{}[\],:"]+/g,
};

export const configurations: Target<string> = {
  ...TEXT,
  name: "configurations",
  unit: "files",
  corpus: "configurations",
  extension: "yaml",
  seeds: () => originals,
  mutate: (text, other, random) => damageText(text, other, WORDS, random).slice(0, LENGTH_MAX),
  judge: () => (text) => {
    judgeConfig(text);
    return 1;
  },
};

function judgeConfig(text: string): void {
  const lines = text.split("\n").length;
  const { config, issues } = loadConfig(text, "fuzz.yaml", natModes);
  assert.equal(
    config === undefined,
    issues.some(({ severity }) => severity === "error"),
    "refused means an error, an error means refused",
  );
  for (const { place, message, hint, other } of issues) {
    for (const { line, column } of other ? [place, other.place] : [place]) {
      assert.ok(line >= 1 && line <= lines + 1, `line ${line} of ${lines}: ${message}`);
      assert.ok(column >= 1, `column ${column}: ${message}`);
    }
    assert.ok(message.length > 0 && hint.length > 0);
  }
  if (config === undefined) return;
  const gateway = new Gateway(
    { slots: 16, slotBytes: 512, flowCapacity: 16 },
    { random: seededRandom(1) },
  );
  gateway.apply(config);
  gateway.apply(config);
}
