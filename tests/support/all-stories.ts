// Every packet story of the project.

import { globSync, readFileSync } from "node:fs";
import { pathBeside } from "../../src/cli/path-beside.ts";
import { loadStories } from "../../src/stories/load.ts";
import {
  type ReadFile,
  runStory,
  runStoryByStep,
  type StoryResult,
} from "../../src/stories/run.ts";
import type { Story } from "../../src/stories/story.ts";
import { root } from "./source-files.ts";

/** In order of their files; `file` is from the project's root. */
export function allStories(): Story[] {
  const files = globSync(["tests/stories/**/*.yaml", "src/nat/*/stories/*.yaml"], { cwd: root });
  return files
    .filter((file) => !file.includes("/configs/"))
    .sort()
    .flatMap((file) => loadStories(readFileSync(`${root}${file}`, "utf8"), file));
}

export function runOfProject(story: Story): StoryResult {
  return runStory(story, readerOf(story));
}

/** The same without the fast path. */
export function runOfProjectByStep(story: Story): StoryResult {
  return runStoryByStep(story, readerOf(story));
}

function readerOf(story: Story): ReadFile {
  return (path) => {
    const file = pathBeside(story.file, path);
    return { text: readFileSync(`${root}${file}`, "utf8"), file };
  };
}
