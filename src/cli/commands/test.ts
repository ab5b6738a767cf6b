// `isthmus test FILE…`: packet stories, the unit tests of a network.

import type { Command } from "commander";
import { loadStories } from "../../stories/load.ts";
import { runStory, type StoryResult } from "../../stories/run.ts";
import type { Story } from "../../stories/story.ts";
import type { CliIo } from "../io.ts";
import { pathBeside } from "../path-beside.ts";

const FAILED = 1;
const UNREADABLE = 2;

export function registerTest(program: Command, io: CliIo): void {
  program
    .command("test")
    .description(
      "run packet stories; exit 0 when all hold, 1 when one fails, 2 when one is unreadable",
    )
    .argument("<files...>", "story files (YAML)")
    .option("--json", "print the results as JSON")
    .action((files: string[], options: { json?: boolean }) =>
      test(files, options.json === true, io),
    );
}

function test(files: readonly string[], json: boolean, io: CliIo): void {
  const results: StoryResult[] = [];
  for (const file of files) {
    try {
      for (const story of loadStories(io.readFile(file), file)) results.push(run(story, io));
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      io.err(`${error.message}\n`);
      io.exit(UNREADABLE);
    }
  }
  if (results.some(({ ok }) => !ok)) io.exit(FAILED);
  if (json) io.out(`${JSON.stringify(results.map(plain), null, 2)}\n`);
  else report(results, io);
}

function run(story: Story, io: CliIo): StoryResult {
  return runStory(story, (path) => {
    const file = pathBeside(story.file, path);
    return { text: io.readFile(file), file };
  });
}

/** The fields outsiders rely on; null where there is nothing to say. */
function plain({ file, story, ok, step, expected, got }: StoryResult) {
  return { file, story, ok, step: step ?? null, expected: expected ?? null, got: got ?? null };
}

function report(results: readonly StoryResult[], io: CliIo): void {
  for (const result of results) {
    io.out(`${result.ok ? "ok  " : "FAIL"} ${result.story}\n`);
    if (!result.ok) io.out(explain(result));
  }
  const failed = results.filter(({ ok }) => !ok).length;
  io.out(`${results.length - failed} passed, ${failed} failed\n`);
}

/** What was expected, what came, and the way of the packets. */
export function explain({ file, line, step, expected, got, trace }: StoryResult): string {
  const lines = [
    `     ${file}:${line}, step ${step}`,
    `     expected  ${expected}`,
    `     got       ${got}`,
    ...(trace ?? []).map((each) => `       ${each}`),
  ];
  return `${lines.join("\n")}\n`;
}
