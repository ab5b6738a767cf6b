// Pages that say what is no longer so are worse than none.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { conformancePage } from "../scripts/conformance-page.ts";
import { dropsPage } from "../scripts/drops-page.ts";
import { markdownFiles, root, sourceFiles } from "./support/source-files.ts";

const pages = markdownFiles();

/** Headings as links name them: lower case, words joined by hyphens. */
function anchors(text: string): Set<string> {
  const headings = text.matchAll(/^#+ (.*)$/gm);
  return new Set(
    Array.from(headings, ([, heading = ""]) =>
      heading
        .toLowerCase()
        .replace(/[^\w\s-]/g, "")
        .trim()
        .replace(/\s/g, "-"),
    ),
  );
}

function problemOfLink(page: string, link: string): string | undefined {
  const [file = "", anchor] = link.split("#");
  const target = file === "" ? page : path.posix.join(path.posix.dirname(page), file);
  if (!existsSync(`${root}${target}`)) return `${page}: ${link} leads nowhere`;
  if (anchor === undefined || !target.endsWith(".md")) return undefined;
  const known = anchors(readFileSync(`${root}${target}`, "utf8"));
  return known.has(anchor) ? undefined : `${page}: ${link} names no heading there`;
}

test("every link within the project leads somewhere", () => {
  const wrong = pages.flatMap(({ path: page, text }) => {
    const links = text.replace(/^```[\s\S]*?^```/gm, "").matchAll(/\]\(([^)\s]+)\)/g);
    return Array.from(links, ([, link = ""]) => link)
      .filter((link) => !/^[a-z]+:/.test(link))
      .flatMap((link) => problemOfLink(page, link) ?? []);
  });
  assert.deepEqual(wrong, [], "Correct the link, or write what it promises.");
});

test("every file that a page names exists", () => {
  const wrong = pages
    .filter(({ path: page }) => page !== "CHANGELOG.md")
    .flatMap(({ path: page, text }) => {
      const named = text.matchAll(/`((?:src|docs|tests|scripts|examples|bin|bench)\/[\w./-]+)`/g);
      return Array.from(named, ([, file = ""]) => file)
        .filter((file) => !existsSync(`${root}${file}`))
        .map((file) => `${page}: ${file}`);
    });
  assert.deepEqual(wrong, [], "Correct the name, or write the file.");
});

test("every script that a page names can be run", () => {
  const { scripts } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
  const wrong = pages.flatMap(({ path: page, text }) => {
    const named = text.matchAll(/\bnpm (?:run ([\w:-]+)|(start|test)\b)/g);
    return Array.from(named, ([, run, short]) => run ?? short ?? "")
      .filter((name) => scripts[name] === undefined)
      .map((name) => `${page}: npm run ${name}`);
  });
  assert.deepEqual(wrong, [], "Correct the name, or add it to package.json.");
});

test("docs/drops.md lists every reason to drop a packet", () => {
  const page = readFileSync(`${root}docs/drops.md`, "utf8");
  assert.equal(page, dropsPage(), "Run: node_modules/.bin/node scripts/drops-page.ts");
});

test("docs/conformance.md says what the tables say", () => {
  const page = readFileSync(`${root}docs/conformance.md`, "utf8");
  const hint = "Run: node_modules/.bin/node scripts/conformance-page.ts";
  assert.equal(page, conformancePage(), hint);
});

test("the README is short", () => {
  const count = readFileSync(`${root}README.md`, "utf8").split("\n").length - 1;
  assert.ok(count < 150, `README.md has ${count} lines; move something to docs/`);
});

/** Blocks marked `console`: "$ ./isthmus …" and what it prints; a line "…" stands for any lines. */
function consoleBlocks(text: string): { command: string; output: string }[] {
  const blocks = text.matchAll(/^```console\n\$ \.\/isthmus (.*)\n([\s\S]*?)^```/gm);
  return Array.from(blocks, ([, command = "", output = ""]) => ({ command, output }));
}

/** As a shell takes them apart, where a word may stand in double quotes. */
function wordsOf(command: string): string[] {
  const words = command.match(/"[^"]*"|[^ ]+/g) ?? [];
  return words.map((word) => word.replace(/^"(.*)"$/, "$1"));
}

test("commands print what the pages say they print", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "isthmus-docs-"));
  for (const name of ["examples", "tests"]) symlinkSync(`${root}${name}`, `${folder}/${name}`);
  try {
    for (const { path: page, text } of pages) {
      for (const { command, output } of consoleBlocks(text)) {
        const words = [`${root}bin/isthmus.ts`, ...wordsOf(command)];
        const options = { cwd: folder, encoding: "utf8" } as const;
        const { stdout, stderr } = spawnSync(process.execPath, words, options);
        const printed = stdout + stderr;
        assert.match(printed, patternOf(output), `${page}: ./isthmus ${command}\n${printed}`);
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("stories that pages show hold", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "isthmus-docs-"));
  cpSync(`${root}examples`, folder, { recursive: true });
  try {
    const stories = pages.flatMap(({ text }) => [
      ...text.matchAll(/^```yaml\n(story: [^`]*)^```/gm),
    ]);
    assert.ok(stories.length >= 2);
    const files = stories.map(([, story = ""], i) => {
      writeFileSync(`${folder}/story-${i}.yaml`, story);
      return `${folder}/story-${i}.yaml`;
    });
    const words = [`${root}bin/isthmus.ts`, "test", ...files];
    const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
    assert.equal(status, 0, stdout + stderr);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function patternOf(output: string): RegExp {
  const parts = output.split(/^…\n/m).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join("[\\s\\S]*")}$`);
}

test("nothing names a place outside the project", () => {
  const outside = /\.\.\/shared\b|(?<![\w.])\/(?:work|home|root|Users)\/\w|\/tmp\/h\//;
  const texts = [
    ...pages,
    ...sourceFiles(),
    ...globSync("{examples,tests,src,docs}/**/*.yaml", { cwd: root }).map((file) => ({
      path: file,
      text: readFileSync(`${root}${file}`, "utf8"),
    })),
  ];
  const wrong = texts.filter(({ text }) => outside.test(text)).map((file) => file.path);
  assert.deepEqual(wrong, [], "A reader has only this repository: say it without the path.");
});
