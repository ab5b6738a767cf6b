// Stories: a file that cannot be understood says where; one that can be runs to an end.

import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { readStories } from "../../../src/stories/load.ts";
import { runStory } from "../../../src/stories/run.ts";
import { StoryError } from "../../../src/stories/story.ts";
import { root } from "../../support/source-files.ts";
import { damageText, type Words } from "../mutate-text.ts";
import { type Target, TEXT } from "../target.ts";
import { ODD_YAML } from "./odd-yaml.ts";

const LENGTH_MAX = 4000;
const NO_FILE = "no such file";

/** Stories with their configuration inside, each for itself. */
const originals = globSync("tests/stories/{acl,answers,filter,flows,static}/*.yaml", { cwd: root })
  .sort()
  .flatMap((path) => readFileSync(`${root}${path}`, "utf8").split(/^---\n/m))
  .filter((text) => text.length < LENGTH_MAX && /^config:\n/m.test(text));

const WORDS: Words = {
  usual: [...new Set(originals.flatMap((text) => text.split(/[\s{}[\],]+/)))].filter(Boolean),
  odd: [
    ...ODD_YAML,
    ...["send: blue udp 1.1.1.1:1 > 2.2.2.2:2", "expect: none", 'drop: "*"', "after: 10m"],
    ...["flows: 1", "seed: 9", "ports: sequential", "timers: reference", "kept: 1", "ended: []"],
    ...["reload:", "batch: []", "answer: []", "refused: vpc/bad-vni", "$p", "config: ./a.yaml"],
  ],
  word: /[^\s{}[\],"]+/g,
};

export const stories: Target<string> = {
  ...TEXT,
  name: "stories",
  unit: "files",
  corpus: "stories",
  extension: "yaml",
  seeds: () => originals,
  mutate: (text, other, random) => damageText(text, other, WORDS, random).slice(0, LENGTH_MAX),
  judge: () => (text) => {
    judgeStories(text);
    return 1;
  },
};

function judgeStories(text: string): void {
  const lines = text.split("\n").length;
  const place = ({ line, column }: { line: number; column: number }) =>
    assert.ok(line >= 1 && line <= lines + 1 && column >= 1, `line ${line} of ${lines}`);
  for (const story of readStories(text, "fuzz.yaml")) {
    if (story instanceof StoryError) {
      place(story.place);
      continue;
    }
    try {
      const { ok, step, expected, got } = runStory(story, () => {
        throw new Error(NO_FILE);
      });
      assert.equal(ok, step === undefined);
      assert.ok(ok || (expected !== undefined && got !== undefined), "a failure says why");
    } catch (error) {
      if (!(error instanceof StoryError)) throw error;
      place(error.place);
    }
  }
}
