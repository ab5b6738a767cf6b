// `isthmus show drops`: why packets did not arrive, and which these were.

import type { Command } from "commander";
import { type ApiOptions, apiCommand, askGateway, printJson } from "../api-command.ts";
import type { ApiDropSample, ApiDrops, Page } from "../api-types.ts";
import { counted } from "../human.ts";
import type { CliIo } from "../io.ts";
import { limitOf } from "../option-values.ts";
import { dropsText } from "../show/drops.ts";
import { samplesText } from "../show/samples.ts";

interface DropsOptions extends ApiOptions {
  readonly samples?: boolean;
  readonly save?: string;
  readonly reason?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit?: number;
}

const HELP = `
Counts are since the start. Of each reason between two VPCs the last packets are kept, eight at
most: --samples shows them, --save writes them into a capture, with explanations as comments.`;

export function registerShowDrops(show: Command, io: CliIo): void {
  apiCommand(show, "drops", "packets that were dropped: why, between whom, and where")
    .option("--samples", "the last packets of each kind, instead of counts")
    .option("--save <file>", "write these into a pcapng file, - for standard output")
    .option("--reason <reason>", "samples: only those dropped for it, e.g. no-flow")
    .option("--from <vpc>", "samples: only those that came from that VPC")
    .option("--to <vpc>", "samples: only those that were going there")
    .option("--limit <count>", "samples: so many at most, the newest", limitOf)
    .addHelpText("after", HELP)
    .action((options: DropsOptions) => {
      const { samples, save, json, reason, from, to, limit } = options;
      const query = { reason, from, to, limit };
      const isFiltered = Object.values(query).some((value) => value !== undefined);
      if (isFiltered && !samples && save === undefined) {
        throw new Error("--reason, --from, --to and --limit choose samples: say --samples, too");
      }
      askGateway(options, io, async (client) => {
        if (save !== undefined) {
          const bytes = await client.bytes("/v1/drops/samples.pcapng", query);
          const output = io.openOutput(save);
          output.write(bytes);
          output.close();
          if (save !== "-") io.out(`${counted(bytes.length, "byte")} written to ${save}.\n`);
          return 0;
        }
        if (samples) {
          const page = await client.get<Page<ApiDropSample>>("/v1/drops/samples", query);
          if (json) printJson(page, io);
          else io.out(samplesText(page.items, io));
          return 0;
        }
        const report = await client.get<ApiDrops>("/v1/drops");
        if (json) printJson(report, io);
        else io.out(dropsText(report, io));
        return 0;
      });
    });
}
