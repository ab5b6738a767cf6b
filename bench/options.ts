// The words behind a benchmark's name: told when asked for, refused when nobody knows them.

import { type ParseArgsOptionsConfig, parseArgs } from "node:util";

/** The options given; prints `usage` and ends the process for --help and for unknown words. */
export function readOptions<T extends ParseArgsOptionsConfig>(usage: string, options: T) {
  try {
    const help = { type: "boolean", short: "h" } as const;
    const { values } = parseArgs({ options: { ...options, help }, strict: true });
    if (!("help" in values)) return values;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    fail(error.message, usage);
  }
  process.stdout.write(usage);
  process.exit(0);
}

export function fail(message: string, usage: string): never {
  process.stderr.write(`${message}\n\n${usage}`);
  process.exit(1);
}
