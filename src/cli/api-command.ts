// What all commands that ask a running gateway have in common.

import type { Command } from "commander";
import { type ApiClient, ApiError, apiClient, DEFAULT_API } from "./api-client.ts";
import { formatIssues } from "./format-issues.ts";
import type { CliIo } from "./io.ts";

export interface ApiOptions {
  readonly api: string;
  readonly json?: boolean;
}

const HELP = `
Where the gateway asks for a token, it is taken from the environment variable ISTHMUS_TOKEN.`;

/** A command with --api and --json. */
export function apiCommand(parent: Command, words: string, description: string): Command {
  return parent
    .command(words)
    .description(description)
    .option("--api <path|url>", "where the gateway listens: a UNIX socket or http://…", DEFAULT_API)
    .option("--json", "print the answer as JSON")
    .addHelpText("after", HELP);
}

/** `work` gives the exit code; what the gateway refuses is told, with exit code 1. */
export function askGateway(
  { api }: ApiOptions,
  io: CliIo,
  work: (client: ApiClient) => Promise<number>,
): void {
  io.stay(ask(api, io, work));
}

async function ask(
  api: string,
  io: CliIo,
  work: (client: ApiClient) => Promise<number>,
): Promise<number> {
  try {
    return await work(apiClient({ api, token: io.variable("ISTHMUS_TOKEN") }));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    io.err(`isthmus: ${error.message}\n`);
    return 1;
  }
}

/** The same for a command that sends a configuration: mistakes that the gateway finds in it are
 * shown with their lines. */
export async function withIssues(
  file: string,
  text: string,
  io: CliIo,
  work: () => Promise<number>,
): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ApiError) || error.issues.length === 0) throw error;
    io.err(formatIssues(namedAs(file, error.issues), text, io.colour));
    throw new ApiError(error.message, [], error);
  }
}

/** What the gateway calls a text that came by the API. */
const FROM_API = "API";

/** Plain data, with places in a text that was sent told by the name of its file. */
export function namedAs<T>(file: string, value: T): T {
  return JSON.parse(JSON.stringify(value), (key, each) =>
    key === "file" && each === FROM_API ? file : each,
  );
}

export function printJson(value: unknown, io: CliIo): void {
  io.out(`${JSON.stringify(value, null, 2)}\n`);
}
