// `isthmus run FILE`: the live gateway.

import path from "node:path";
import { type Command, Option } from "commander";
import { missingCapabilities } from "../capabilities.ts";
import type { CliIo } from "../io.ts";

interface Options {
  readonly logFormat?: "text" | "json";
  readonly logLevel: "debug" | "info" | "warn" | "error";
  readonly watch: boolean;
  readonly apiSocket?: string;
}

const HELP = `
Needs root, or the capabilities CAP_NET_ADMIN and CAP_NET_RAW. The log goes to standard error.

Signals:
  SIGHUP                    read the configuration again; a wrong one changes nothing
  SIGTERM, SIGINT, SIGQUIT  stop in order; a second one stops at once

Exit codes:
  0    stopped as it was told to
  1    could not start, or failed; the log says why
  70   the data path hung and was given up
  130, 131, 143  stopped at once by a second SIGINT, SIGQUIT, SIGTERM`;

/** Compiled files have another ending. */
const DATA_PATH = new URL(
  `../../live/open-data-path${path.extname(import.meta.url)}`,
  import.meta.url,
).href;

/** `dataPath` is the URL of the module that opens one. */
export function registerRun(program: Command, io: CliIo, dataPath = DATA_PATH): void {
  program
    .command("run")
    .description("run the gateway on the interfaces of this machine")
    .argument("<file>", "configuration file (YAML)")
    .addOption(
      new Option(
        "--log-format <format>",
        "how lines of the log look; text on a terminal, otherwise json",
      ).choices(["text", "json"]),
    )
    .addOption(
      new Option("--log-level <level>", "leave out lines below it")
        .choices(["debug", "info", "warn", "error"])
        .default("info"),
    )
    .option("--no-watch", "read the configuration again on SIGHUP only, not when the file changes")
    .option(
      "--api-socket <path>",
      "UNIX socket of the API, whatever the configuration says (default: /run/isthmus.sock)",
    )
    .addHelpText("after", HELP)
    .action((file: string, options: Options) => {
      if (file === "-") throw new Error("run needs a file, as it reads it again when told to");
      const missing = missingCapabilities(io.readFile("/proc/self/status"));
      if (missing.length > 0) {
        const names = missing.join(" and ");
        throw new Error(`run needs ${names}, which this process has not; start it as root`);
      }
      io.stay(run(file, options, io, dataPath));
    });
}

/** Loaded only here: no other command needs the libraries behind it. */
async function run(file: string, options: Options, io: CliIo, dataPath: string): Promise<number> {
  const { openLog } = await import("../../live/log.ts");
  const { supervise } = await import("../../live/supervisor.ts");
  const { logFormat = io.watched ? "text" : "json", logLevel, watch, apiSocket } = options;
  const log = openLog({ format: logFormat, level: logLevel, write: (text) => io.err(text) });
  return supervise({ file, watch, log, signals: process, dataPath, apiSocket });
}
