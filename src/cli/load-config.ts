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
