// `isthmus demo`: real hosts with the same addresses, a live gateway between them, ordinary
// programs. Where no such network can be made, a bundled capture instead.

import type { Command } from "commander";
import { whyNoLab } from "../../lab/why-no-lab.ts";
import type { CliIo } from "../io.ts";
import { replayDemo } from "./demo-replay.ts";

interface Options {
  readonly replay?: true;
  readonly keep?: true;
  readonly captures?: string;
}

export function registerDemo(program: Command, io: CliIo): void {
  program
    .command("demo")
    .description("show real hosts with the same addresses talk through the gateway")
    .option("--keep", "leave the network running until Ctrl-C, to try things in")
    .option("--captures <folder>", "keep what was captured at the hosts, as pcapng files")
    .option("--replay", "no network: a bundled capture, packet by packet")
    .addHelpText(
      "after",
      "\nThe network is made of network namespaces, which takes root, and is removed later.\n" +
        "Exits with 0 when everything went as it should, else with 1.",
    )
    .action((options: Options) => {
      const why = options.replay ? undefined : whyNoLab();
      if (why !== undefined) io.out(`No real network here (${why}), so a capture is shown.\n\n`);
      if (options.replay || why !== undefined) replayDemo(io);
      else io.stay(demo(options, io));
    });
}

/** Loaded only here: no other command needs the libraries behind it. */
async function demo(options: Options, io: CliIo): Promise<number> {
  const { liveDemo } = await import("../demo/live-demo.ts");
  const { keep = false, captures } = options;
  return liveDemo({ keep, captures, program: process.argv[1]! }, io);
}
