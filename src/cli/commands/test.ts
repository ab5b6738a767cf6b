// `isthmus test FILE…`: packet stories, the unit tests of a network.

import type { Command } from "commander";
import { readStories } from "../../stories/load.ts";
import { runStory, type StoryResult } from "../../stories/run.ts";
import { type Story, StoryError } from "../../stories/story.ts";
import { formatIssues } from "../format-issues.ts";
import type { CliIo } from "../io.ts";
import { pathBeside } from "../path-beside.ts";

const HELP = `
A story:
  story: A host reaches its peer by the public address
  config: gateway.yaml
  steps:
    - send: blue udp 10.0.0.4:3000 > 198.51.100.8:53
      expect: green udp 192.0.2.4:3000 > 10.0.0.8:53
    - send: blue udp 10.0.0.4:3000 > 10.99.0.1:53
      drop: no-peering`;
const FAILED = 1;
const UNREADABLE = 2;

export function registerTest(program: Command, io: CliIo): void {
  program
    .command("test")
    .description(
      "run packet stories; exit 0 when all hold, 1 when one fails, 2 when one is unreadable",
    )
    .argument("<files...>", "story files (YAML)")
    .option("--json", "print the results as JSON: file, story, ok, step, expected, got of each")
    .addHelpText("after", HELP)
    .action((files: string[], options: { json?: boolean }) =>
      test(files, options.json === true, io),
    );
}

function test(files: readonly string[], json: boolean, io: CliIo): void {
  const results: StoryResult[] = [];
  let unread = 0;
  const attempt = (work: () => void) => {
    try {
      work();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      unread++;
      io.err(sayUnreadable(error, io));
    }
  };
  for (const file of files) {
    attempt(() => {
      for (const story of readStories(io.readFile(file), file)) {
        attempt(() => {
          if (story instanceof StoryError) throw story;
          results.push(run(story, io));
        });
      }
    });
  }
  if (results.some(({ ok }) => !ok)) io.exit(FAILED);
  if (unread > 0) io.exit(UNREADABLE);
  if (json) io.out(`${JSON.stringify(results.map(plain), null, 2)}\n`);
  else report(results, unread, io);
}

/** Why a story cannot be run; of a refused configuration all that is wrong with it. */
function sayUnreadable(error: Error, io: CliIo): string {
  const issues = error instanceof StoryError ? error.issues : [];
  const [first] = issues;
  const details = first ? formatIssues(issues, io.readFile(first.place.file), io.colour) : "";
  return `${error.message}\n${details}`;
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

function report(results: readonly StoryResult[], unread: number, io: CliIo): void {
  for (const result of results) {
    io.out(`${result.ok ? "ok  " : "FAIL"} ${result.story}\n`);
    if (!result.ok) io.out(explain(result));
  }
  const failed = results.filter(({ ok }) => !ok).length;
  const rest = unread > 0 ? `, ${unread} could not be read` : "";
  io.out(`${results.length - failed} passed, ${failed} failed${rest}\n`);
}

/** What was expected, what came, and the way of the packets. */
export function explain(result: StoryResult): string {
  const { file, line, column, step, expected, got, trace } = result;
  const lines = [
    `     ${file}:${line}:${column}, step ${step}`,
    `     expected  ${expected}`,
    `     got       ${got}`,
    ...(trace ?? []).map((each) => `       ${each}`),
  ];
  return `${lines.join("\n")}\n`;
}
