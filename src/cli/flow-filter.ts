// Options that say which flows are meant.

import { type Command, InvalidArgumentError } from "commander";
import { parseIpAddress } from "../wire/ip-address.ts";
import { parsePrefix } from "../wire/prefix.ts";
import type { FlowFilter } from "./api-types.ts";

export type FilterOptions = FlowFilter;

export function addFilterOptions(command: Command): Command {
  return command
    .option("--vpc <name>", "with an end in that VPC")
    .option("--address <address>", "from or to that address or prefix, before or after", addressOf)
    .option("--port <port>", "from or to that port (of ICMP: identifier), before or after", portOf)
    .option("--protocol <name>", "tcp, udp or icmp", (text: string) => text.toLowerCase())
    .option("--state <state>", "in that state, e.g. established");
}

/** Only what was given. */
export function filterOf({ vpc, address, port, protocol, state }: FilterOptions): FlowFilter {
  const all = Object.entries({ vpc, address, port, protocol, state });
  return Object.fromEntries(all.filter(([, value]) => value !== undefined));
}

function addressOf(text: string): string {
  if (parseIpAddress(text) === undefined && parsePrefix(text) === undefined) {
    throw new InvalidArgumentError("It is no IP address, and no prefix like 10.0.0.0/24.");
  }
  return text;
}

function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) {
    throw new InvalidArgumentError("It is a number from 0 to 65535.");
  }
  return port;
}
