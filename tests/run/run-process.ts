// `isthmus run` with a fake data path, as a process of its own: run-process.ts MISHAP WORD…

import "../../src/cli/compiler-limits.ts";
import { Command } from "commander";
import { registerRun } from "../../src/cli/commands/run.ts";
import { nodeIo } from "../../src/cli/node-io.ts";

const [mishap = "", ...words] = process.argv.slice(2);
const program = new Command("isthmus");
// A fake network needs no capabilities.
const io = { ...nodeIo(), readFile: () => "" };
registerRun(program, io, new URL(`fake-data-path.ts?${mishap}`, import.meta.url).href);
program.parse(["run", ...words], { from: "user" });
