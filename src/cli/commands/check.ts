// `isthmus check FILE…`: every mistake in a configuration at once.

import type { Command } from "commander";
import type { ConfigIssue } from "../../config/issue.ts";
import { loadConfig } from "../../config/load.ts";
import { natModes } from "../../nat/modes.ts";
import { formatIssues } from "../format-issues.ts";
import type { CliIo } from "../io.ts";

export function registerCheck(program: Command, io: CliIo): void {
  program
    .command("check")
    .description("find every mistake in a configuration; exit 0 when there is none, else 1")
    .argument("<files...>", "configuration files (YAML), - for standard input")
    .addHelpText(
      "after",
      "\nWarnings do not count as mistakes. Nothing is said about a file without any.",
    )
    .option("--json", "print the issues as JSON")
    .action((files: string[], options: { json?: boolean }) =>
      check(files, options.json === true, io),
    );
}

function check(files: readonly string[], json: boolean, io: CliIo): void {
  const all: ConfigIssue[] = [];
  for (const file of files) {
    const text = read(file, io);
    if (text === undefined) continue;
    const { issues } = loadConfig(text, file, natModes);
    all.push(...issues);
    if (!json) io.out(formatIssues(issues, text, io.colour));
  }
  const errors = all.filter(({ severity }) => severity === "error").length;
  if (json) io.out(`${JSON.stringify(all, null, 2)}\n`);
  else if (all.length > 0) {
    io.out(`${count(errors, "error")}, ${count(all.length - errors, "warning")}\n`);
  }
  if (errors > 0) io.exit(1);
}

/** Undefined when it cannot be read, which is said; the other files are checked all the same. */
function read(file: string, io: CliIo): string | undefined {
  try {
    return io.readFile(file);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    io.err(`isthmus: ${error.message}\n`);
    io.exit(1);
    return undefined;
  }
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
