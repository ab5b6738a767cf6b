// Every packet story of the project, each as a test of its own, on the fast path where it may.

import { test } from "node:test";
import { explain } from "../src/cli/commands/test.ts";
import { allStories, runOfProject } from "./support/all-stories.ts";

for (const story of allStories()) {
  test(`story: ${story.name}`, () => {
    const result = runOfProject(story);
    if (!result.ok) throw new Error(`${story.name}\n${explain(result)}`);
  });
}
