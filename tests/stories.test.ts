// Every packet story of the project, each as a test of its own: on the fast path where it may, and
// step by step.

import { test } from "node:test";
import { explain } from "../src/cli/commands/test.ts";
import { allStories, runOfProject, runOfProjectByStep } from "./support/all-stories.ts";

for (const story of allStories()) {
  test(`story: ${story.name}`, () => {
    for (const result of [runOfProject(story), runOfProjectByStep(story)]) {
      if (!result.ok) throw new Error(`${story.name}\n${explain(result)}`);
    }
  });
}
