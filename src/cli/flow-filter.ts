// Options that say which flows are meant.

import type { Command } from "commander";
import { addressOf, portOf, secondsOf } from "./option-values.ts";

/** What is not there matches all. */
export interface FilterOptions {
  /** Name of the VPC of either end. */
  readonly vpc?: string;
  /** Any of the flow's four addresses, or a prefix that holds one. */
  readonly address?: string;
  /** Any of its ports; the identifier of an ICMP query. */
  readonly port?: number;
  readonly protocol?: string;
  readonly state?: string;
  /** Seconds. */
  readonly endsWithin?: number;
  readonly minAge?: number;
  readonly maxAge?: number;
}

export function addFilterOptions(command: Command): Command {
  return command
    .option("--vpc <name>", "with an end in that VPC")
    .option("--address <address>", "from or to that address or prefix, before or after", addressOf)
    .option("--port <port>", "from or to that port (of ICMP: identifier), before or after", portOf)
    .option("--protocol <name>", "tcp, udp or icmp", (text: string) => text.toLowerCase())
    .option("--state <state>", "in that state, e.g. established")
    .option("--min-age <time>", "that are at least so old, e.g. 1h", secondsOf)
    .option("--max-age <time>", "that are at most so old, e.g. 10s", secondsOf)
    .option("--ends-within <time>", "that end by then if no packet comes, e.g. 30s", secondsOf);
}

/** Only what was given. */
export function filterOf(options: FilterOptions): FilterOptions {
  const { vpc, address, port, protocol, state, endsWithin, minAge, maxAge } = options;
  const named = { vpc, address, port, protocol, state, endsWithin, minAge, maxAge };
  const all = Object.entries(named);
  return Object.fromEntries(all.filter(([, value]) => value !== undefined));
}
