// `isthmus completion SHELL`.

import { Argument, type Command } from "commander";
import { completionScript, SHELLS, type Shell } from "../completion.ts";
import type { CliIo } from "../io.ts";

const HELP = `
Load it in the shell you are in:
  bash   source <(isthmus completion bash)
  zsh    source <(isthmus completion zsh)
  fish   isthmus completion fish | source`;

export function registerCompletion(program: Command, io: CliIo): void {
  program
    .command("completion")
    .description("print what makes a shell complete the words of isthmus")
    .addArgument(new Argument("<shell>", "bash, zsh or fish").choices(SHELLS))
    .addHelpText("after", HELP)
    .action((shell: Shell) => io.out(completionScript(program, shell)));
}
