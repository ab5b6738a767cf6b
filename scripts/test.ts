// `npm test`: types, style, then every test. `npm run test:unit` is the part that takes seconds.
//
//   node scripts/test.ts [unit] [path…]
//
// With paths, only the tests in files that start so run, without types and style. Ends with what
// ran, in numbers; the last line is "N passed, N failed".

import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { EventData } from "node:test";
import { run } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
/** Tests that start other programs, or try very many inputs: not among the quick ones unless they
 * are asked for by their path. */
const SLOW_NAMES = [
  "package",
  "browser",
  "conform",
  "stories-",
  "floods",
  "fuzz/(?!fuzzer)",
  "docs",
  "api/slow",
  "explain/agreement",
  "simulation/simulation",
  "gateway/(?:cut|fast-path|matrix|oracle)",
  "insight/(?:plan|try-out)\\.",
  "lab",
  "live",
  "e2e",
  "replay",
  "run",
  "bench",
  ".+/long",
];
const SLOW = new RegExp(`^tests/(?:${SLOW_NAMES.join("|")})`);
/** Folders whose quick files of tests share a process, which is half a second less for each. */
const TOGETHER = /^(?:src|tests\/(?:cli|config|explain|gateway|insight|links))\//;
/** A file of tests that takes longer than this hangs. */
const FILE_MILLIS = 240_000;

interface Totals {
  passed: number;
  failed: number;
  skipped: number;
  stories: number;
  properties: number;
}

/** Runs a tool of node_modules; its output is shown only when it has something to say. */
function tool(name: string, ...args: string[]): boolean {
  const { status } = spawnSync(`node_modules/.bin/${name}`, args, { stdio: "inherit" });
  print(`${status === 0 ? "ok  " : "FAIL"} ${name}`);
  return status === 0;
}

function testFiles(unit: boolean, paths: readonly string[]): string[] {
  const all = globSync(["src/**/*.test.ts", "tests/**/*.test.ts"]).sort();
  return all
    .filter((file) => !unit || paths.length > 0 || !SLOW.test(file))
    .filter((file) => paths.length === 0 || paths.some((path) => file.startsWith(path)));
}

function groupOf(file: string): string {
  return (SLOW.test(file) ? undefined : TOGETHER.exec(file)?.[0]) ?? file;
}

/** The same tests in fewer files: one in `folder` for those that go together. */
function joined(files: readonly string[], folder: string): string[] {
  const groups = Map.groupBy(files, groupOf);
  return Array.from(groups, ([name, members]) => {
    if (members.length === 1) return `${root}${members[0]}`;
    const imports = members.map((file) => `import "${pathToFileURL(`${root}${file}`)}";\n`);
    const bundle = path.join(folder, `${name.replaceAll("/", "-")}.test.mjs`);
    writeFileSync(bundle, imports.join(""));
    names.set(bundle, name);
    return bundle;
  });
}
/** What files of `joined` are called. */
const names = new Map<string, string>();

async function runTests(files: readonly string[]): Promise<Totals> {
  const totals: Totals = { passed: 0, failed: 0, skipped: 0, stories: 0, properties: 0 };
  const stream = run({
    files,
    concurrency: 2,
    timeout: FILE_MILLIS,
    // As many threads as there are cores without those of the garbage collector.
    execArgv: ["--disable-warning=ExperimentalWarning", "--single-threaded-gc"],
  });
  for await (const { type, data } of stream) {
    if (type === "test:stdout" || type === "test:stderr") process.stdout.write(data.message);
    if (type === "test:pass") countPass(data, totals);
    if (type === "test:fail") printFailure(data);
    if (type === "test:summary") summarise(data, totals);
  }
  return totals;
}

function countPass(test: EventData.TestPass, totals: Totals): void {
  if (test.details.type === "suite") return;
  if (test.skip !== undefined) print(`skip ${test.name}: ${test.skip}`);
  else if (test.name.startsWith("property: ")) totals.properties++;
  else if (test.name.startsWith("story: ")) totals.stories++;
}

function printFailure({ details, file, line, name }: EventData.TestFail): void {
  const { error } = details;
  // A test around the one that failed: the inner one has been shown.
  if ("failureType" in error && error.failureType === "subtestsFailed") return;
  const cause = error.cause instanceof Error ? error.cause : error;
  const place = file === undefined ? "" : `${file.replace(root, "")}:${line ?? 1}`;
  const frames = /\n +at [^\n]*node:(?:internal|async_hooks)[^\n]*/g;
  print(`FAIL ${place}\n     ${name}\n${(cause.stack ?? cause.message).replace(frames, "")}\n`);
}

/** The runner's own numbers: of each file, and at the end of all. What is "to do" has failed. */
function summarise({ file, counts, duration_ms }: EventData.TestSummary, totals: Totals): void {
  const failed = counts.tests - counts.passed - counts.skipped;
  if (file !== undefined) {
    const seconds = (duration_ms / 1000).toFixed(1);
    const tests = `${counts.tests} ${counts.tests === 1 ? "test" : "tests"}`;
    const name = names.get(file) ?? file.replace(root, "");
    print(`${failed === 0 ? "ok  " : "FAIL"} ${name} (${tests}, ${seconds} s)`);
    return;
  }
  totals.passed = counts.passed;
  totals.skipped = counts.skipped;
  totals.failed = failed;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.chdir(root);
const words = process.argv.slice(2);
const unit = words[0] === "unit";
const paths = unit ? words.slice(1) : words;
const files = testFiles(unit, paths);
const checks = paths.length > 0 ? [] : [tool("tsc"), tool("biome", "check", "--error-on-warnings")];
const folder = mkdtempSync(path.join(tmpdir(), "isthmus-tests-"));
const totals = await runTests(
  paths.length > 0 ? files.map((file) => `${root}${file}`) : joined(files, folder),
);
rmSync(folder, { recursive: true });
const failed = totals.failed + checks.filter((ok) => !ok).length;
const examples = totals.passed - totals.stories - totals.properties;
print(`${totals.stories} stories, ${totals.properties} properties, ${examples} examples`);
if (totals.skipped > 0) print(`${totals.skipped} skipped; why is said above`);
if (files.length === 0) print(`no test file starts with ${paths.join(" or ")}`);
print(`${totals.passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && totals.passed > 0 ? 0 : 1;
