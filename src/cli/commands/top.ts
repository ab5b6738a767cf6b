// `isthmus top`: what passes through a running gateway right now.

import type { Command } from "commander";
import type { ApiClient } from "../api-client.ts";
import { type ApiOptions, apiCommand, askGateway } from "../api-command.ts";
import type { ApiFlow, ApiPeering, ApiStats, Page } from "../api-types.ts";
import type { CliIo } from "../io.ts";
import { compareSamples, type Sample } from "../top/rates.ts";
import { topText } from "../top/screen.ts";

interface TopOptions extends ApiOptions {
  readonly once?: boolean;
}

const SECOND = 1000;
/** The busiest flows are looked for among so many. */
const LOOKED = 1000;
/** Cursor to the corner, and nothing below it. */
const CLEAR = "\x1b[H\x1b[J";

const HELP = `
Refreshes each second until it is stopped (Ctrl-C). With --json each second is a line of its own.
The busiest flows are looked for among the first ${LOOKED}.`;

export function registerTop(program: Command, io: CliIo): void {
  apiCommand(program, "top", "rates by peering, the busiest flows, and drops, each second")
    .option("--once", "print one second and stop")
    .addHelpText("after", HELP)
    .action((options: TopOptions) =>
      askGateway(options, io, async (client) => {
        let before = await look(client, io);
        for (;;) {
          await io.sleep(SECOND);
          const now = await look(client, io);
          const top = compareSamples(before, now);
          const screen = io.columns !== undefined && !options.once && !options.json;
          const text = options.json ? `${JSON.stringify(top)}\n` : topText(top, io);
          io.out(screen ? CLEAR + text : text);
          if (options.once || io.unread) return 0;
          if (!screen && !options.json) io.out("\n");
          before = now;
        }
      }),
    );
}

async function look(client: ApiClient, io: CliIo): Promise<Sample> {
  const [stats, peerings, flows] = await Promise.all([
    client.get<ApiStats>("/v1/stats"),
    client.get<Page<ApiPeering>>("/v1/peerings"),
    client.list<ApiFlow>("/v1/flows", LOOKED),
  ]);
  const { items, next } = flows;
  return { at: io.now(), stats, peerings: peerings.items, flows: items, more: next !== null };
}
