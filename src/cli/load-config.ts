// A configuration file for a command: loaded, or its issues shown and the exit code set.

import { loadConfig } from "../config/load.ts";
import type { Config } from "../config/model.ts";
import { natModes } from "../nat/modes.ts";
import { formatIssues } from "./format-issues.ts";
import type { CliIo } from "./io.ts";

export function loadForCommand(path: string, io: CliIo): Config | undefined {
  const text = io.readFile(path);
  const { config, issues } = loadConfig(text, path, natModes);
  const wrong = issues.filter(({ severity }) => severity === "error");
  if (config) return config;
  io.err(formatIssues(wrong, text, io.colour));
  io.exit(1);
  return undefined;
}

/** Whether the configuration has exposes that need flows, which this version does not keep. */
export function needsFlows(config: Config): boolean {
  return config.peerings.some(({ sides }) =>
    sides.some(({ exposes }) =>
      exposes.some((expose) => {
        const mode = expose.kind === "nat" && natModes.find(({ name }) => name === expose.mode);
        return mode && !(mode.canInitiate && mode.canReceive);
      }),
    ),
  );
}
