// `isthmus apply FILE` and `isthmus confirm`: another configuration for a running gateway.

import type { Command } from "commander";
import { type ApiOptions, apiCommand, askGateway, printJson, withIssues } from "../api-command.ts";
import type { Applied, Confirmed } from "../api-types.ts";
import { endSentence } from "../end-sentence.ts";
import { count, counted } from "../human.ts";
import type { CliIo } from "../io.ts";
import { limitOf, secondsOf } from "../option-values.ts";

interface ConfirmOptions extends ApiOptions {
  readonly generation?: number;
}

interface ApplyOptions extends ApiOptions {
  /** Seconds. */
  readonly confirmWithin?: number;
  readonly save?: boolean;
}

const HELP = `
A wrong configuration changes nothing. With --confirm-within the gateway goes back to the
configuration of before unless "isthmus confirm" comes in time: for changes that could cut you off.

The file is sent as it is now. Without --save the gateway's own file is not written: when the
gateway starts anew or is told to read its file (SIGHUP), that one counts again.`;

export function registerApply(program: Command, io: CliIo): void {
  apiCommand(program, "apply", "give a running gateway another configuration")
    .argument("<file>", "configuration file (YAML), - for standard input")
    .option("--confirm-within <time>", "take it back unless confirmed, e.g. 60s", secondsOf)
    .option("--save", "write it into the gateway's file, too; if to be confirmed, then")
    .addHelpText("after", HELP)
    .action((file: string, options: ApplyOptions) => {
      const text = io.readFile(file);
      const { confirmWithin, save } = options;
      askGateway(options, io, (client) =>
        withIssues(file, text, io, async () => {
          const query = { confirmWithin, save: save ? "true" : undefined };
          const applied = await client.post<Applied>("/v1/config/apply", text, query);
          if (options.json) printJson(applied, io);
          else io.out(appliedText(applied));
          // In force, but not where it was to be too; a notice has said why.
          return save && !applied.saved && applied.confirmBy === null ? 1 : 0;
        }),
      );
    });
  apiCommand(program, "confirm", "keep what was applied with --confirm-within")
    .option("--generation <number>", "only if it is this one, as apply has told", limitOf)
    .action(({ generation, ...options }: ConfirmOptions) =>
      askGateway(options, io, async (client) => {
        const path = "/v1/config/confirm";
        const confirmed = await client.post<Confirmed>(path, undefined, { generation });
        if (options.json) printJson(confirmed, io);
        else io.out(`Configuration ${confirmed.generation} stays.\n`);
        return 0;
      }),
    );
}

function howToConfirm(generation: number): string {
  return `isthmus confirm --generation ${generation}`;
}

function appliedText({ generation, kept, ended, notices, confirmBy, saved }: Applied): string {
  const reasons = Object.entries(ended).sort((a, b) => b[1] - a[1]);
  const total = reasons.reduce((sum, [, many]) => sum + many, 0);
  return [
    `Configuration ${generation} is in force: ${counted(kept, "flow")} kept, ${count(total)} ended.`,
    ...reasons.map(([reason, many]) => `  ${count(many)} ${reason}: ${endSentence(reason)}`),
    ...notices,
    ...(saved ? ["It is in the gateway's file."] : []),
    ...(confirmBy === null
      ? []
      : [`It is taken back at ${confirmBy}, unless you say: ${howToConfirm(generation)}`]),
  ]
    .map((line) => `${line}\n`)
    .join("");
}
