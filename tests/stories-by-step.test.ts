// Every packet story of the project once more, step by step, without the fast path.

import { test } from "node:test";
import { explain } from "../src/cli/commands/test.ts";
import { allStories, runOfProjectByStep } from "./support/all-stories.ts";

test("all stories hold step by step", () => {
  for (const story of allStories()) {
    const result = runOfProjectByStep(story);
    if (!result.ok) throw new Error(`${story.name}\n${explain(result)}`);
  }
});
