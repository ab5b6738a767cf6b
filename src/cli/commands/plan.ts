// `isthmus plan FILE`: what applying it to the running gateway would do.

import type { Command } from "commander";
import type { PlanReport } from "../../insight/plan/report.ts";
import { type ApiOptions, apiCommand, askGateway, printJson, withIssues } from "../api-command.ts";
import type { ConfigRequest } from "../api-types.ts";
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
        withIssues(text, io, async () => {
          const request: ConfigRequest = { file, text };
          const report = await client.post<PlanReport>("/v1/config/plan", request);
          if (options.json) printJson(report, io);
          else io.out(planText(report, io));
          return 0;
        }),
      );
    });
}
