// `isthmus plan FILE`: what applying it to the running gateway would do.

import type { Command } from "commander";
import {
  type ApiOptions,
  apiCommand,
  askGateway,
  namedAs,
  printJson,
  withIssues,
} from "../api-command.ts";
import type { ApiPlan } from "../api-types.ts";
import type { CliIo } from "../io.ts";
import { planText } from "../plan-text.ts";

const HELP = `
Changes nothing. Asks the running gateway which of its flows would stay and which would end, and
why; which pools of public addresses would run dry; which exposes would take packets from others,
and which ACL rules would never be reached.`;

export function registerPlan(program: Command, io: CliIo): void {
  apiCommand(program, "plan", "what another configuration would do to a running gateway")
    .argument("<file>", "configuration file (YAML), - for standard input")
    .addHelpText("after", HELP)
    .action((file: string, options: ApiOptions) => {
      const text = io.readFile(file);
      askGateway(options, io, (client) =>
        withIssues(file, text, io, async () => {
          const report = namedAs(file, await client.post<ApiPlan>("/v1/config/plan", text));
          if (options.json) printJson(report, io);
          else io.out(planText(report, io));
          return 0;
        }),
      );
    });
}
