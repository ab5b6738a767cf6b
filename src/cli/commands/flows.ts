// `isthmus flows kill`: ends flows of a running gateway.

import type { Command } from "commander";
import { type ApiOptions, apiCommand, askGateway, printJson } from "../api-command.ts";
import type { Killed } from "../api-types.ts";
import { addFilterOptions, type FilterOptions, filterOf } from "../flow-filter.ts";
import { counted } from "../human.ts";
import type { CliIo } from "../io.ts";

interface KillOptions extends ApiOptions, FilterOptions {
  readonly all?: boolean;
}

const HELP = `
Ends every flow that all the options match, without asking; "isthmus show flows" with the same
options shows which these are. Hosts may open them again.`;

export function registerFlows(program: Command, io: CliIo): void {
  const flows = program.command("flows").description("change the flows of a running gateway");
  addFilterOptions(apiCommand(flows, "kill", "end flows, and say how many"))
    .option("--all", "all flows")
    .addHelpText("after", HELP)
    .action((options: KillOptions) => {
      const filter = filterOf(options);
      if ((Object.keys(filter).length === 0) !== (options.all === true)) {
        throw new Error("flows kill needs to know which flows, or --all instead");
      }
      const asked = options.all ? { all: true } : filter;
      askGateway(options, io, async (client) => {
        const { killed } = await client.post<Killed>("/v1/flows/kill", asked);
        if (options.json) printJson({ killed }, io);
        else io.out(`${counted(killed, "flow")} ended.\n`);
        return 0;
      });
    });
}
