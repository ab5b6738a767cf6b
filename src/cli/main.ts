// The command line: which commands there are, and how trouble is told.

import { Command, CommanderError } from "commander";
import { VERSION } from "../base/version.ts";
import { registerApply } from "./commands/apply.ts";
import { registerCapture } from "./commands/capture.ts";
import { registerCheck } from "./commands/check.ts";
import { registerCompletion } from "./commands/completion.ts";
import { registerConformance } from "./commands/conformance.ts";
import { registerDemo } from "./commands/demo.ts";
import { registerExplain } from "./commands/explain.ts";
import { registerFlows } from "./commands/flows.ts";
import { registerPlan } from "./commands/plan.ts";
import { registerReplay } from "./commands/replay.ts";
import { registerRun } from "./commands/run.ts";
import { registerSchema } from "./commands/schema.ts";
import { registerShow } from "./commands/show.ts";
import { registerTest } from "./commands/test.ts";
import { registerTop } from "./commands/top.ts";
import { registerWhoWas } from "./commands/who-was.ts";
import type { CliIo } from "./io.ts";

const EXAMPLES = `
Examples:
  isthmus check gateway.yaml
  isthmus test stories/*.yaml
  isthmus run gateway.yaml
  isthmus replay gateway.yaml in.pcap -o out.pcapng --dropped

"isthmus COMMAND --help" tells more about a command.`;

/** Runs one command; `words` are what stands behind the program's name. Sets the exit code. */
export function main(words: readonly string[], io: CliIo): void {
  const program = new Command("isthmus")
    .description("a gateway between private networks that use the same addresses")
    .version(VERSION)
    .showSuggestionAfterError()
    .addHelpText("after", EXAMPLES)
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.err(text) });
  registerCheck(program, io);
  registerTest(program, io);
  registerExplain(program, io);
  registerReplay(program, io);
  registerRun(program, io);
  registerShow(program, io);
  registerTop(program, io);
  registerCapture(program, io);
  registerPlan(program, io);
  registerApply(program, io);
  registerFlows(program, io);
  registerWhoWas(program, io);
  registerSchema(program, io);
  registerConformance(program, io);
  registerDemo(program, io);
  registerCompletion(program, io);
  try {
    program.parse(words, { from: "user" });
  } catch (error) {
    // Help, version and wrong options have been written already.
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return;
      const command = program.commands.find((each) => each.name() === words[0])?.name();
      if (words.length > 0) io.err(`See: isthmus ${command ? `${command} ` : ""}--help\n`);
      io.exit(error.exitCode);
      return;
    }
    if (!(error instanceof Error)) throw error;
    io.err(`isthmus: ${error.message}\n`);
    io.exit(1);
  }
}
