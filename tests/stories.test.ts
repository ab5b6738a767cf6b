// Every packet story of the project, each as a test of its own.

import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { explain } from "../src/cli/commands/test.ts";
import { pathBeside } from "../src/cli/path-beside.ts";
import { loadStories } from "../src/stories/load.ts";
import { runStory } from "../src/stories/run.ts";

const files = globSync(["tests/stories/**/*.yaml", "src/nat/*/stories/*.yaml"]).filter(
  (file) => !file.includes("/configs/"),
);

for (const file of files.sort()) {
  for (const story of loadStories(readFileSync(file, "utf8"), file)) {
    test(`story: ${story.name}`, () => {
      const result = runStory(story, (path) => {
        const beside = pathBeside(file, path);
        return { text: readFileSync(beside, "utf8"), file: beside };
      });
      if (!result.ok) throw new Error(`${story.name}\n${explain(result)}`);
    });
  }
}
