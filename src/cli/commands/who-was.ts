// `isthmus who-was ADDRESS:PORT --at TIME`: who had a public endpoint, from the NAT log.

import { existsSync } from "node:fs";
import { type Command, CommanderError, Option } from "commander";
import { formatIpAddress, parseIpAddress } from "../../wire/ip-address.ts";
import type { CliIo } from "../io.ts";
import {
  answer,
  describe,
  parseMoment,
  type Question,
  timeText,
  type WhoWas,
} from "../who-was/answer.ts";
import { filesOfLog, readChunks } from "../who-was/log-files.ts";
import { MatchingLines } from "../who-was/matching-lines.ts";
import { Owners } from "../who-was/owners.ts";

const NOBODY = 1;
const UNREADABLE = 2;

interface Options {
  readonly at: string;
  readonly log: string;
  readonly protocol?: string;
  readonly json?: boolean;
}

const HELP = `
TIME is such as 2026-11-25T12:00:05Z; without a zone it is UTC. The log is one of JSON lines
(isthmus.natLog in the configuration); files that logrotate has made of it are read too.

Exit codes:
  0  somebody had it
  1  nobody is known
  2  the question or the log cannot be read

Example:
  isthmus who-was 198.51.100.7:40001 --at 2026-11-25T12:00:05Z --protocol tcp`;

export function registerWhoWas(program: Command, io: CliIo): void {
  program
    .command("who-was")
    .description("who had a public address and port at a time, from the NAT log")
    .argument("<endpoint>", "ADDRESS:PORT, or [ADDRESS]:PORT for IPv6")
    .requiredOption("--at <time>", "when that was")
    .option("--log <file>", "the NAT log", "/var/log/isthmus/nat.jsonl")
    .addOption(new Option("--protocol <name>", "only this").choices(["tcp", "udp", "icmp"]))
    .option("--json", "print the answer as JSON")
    .addHelpText("after", HELP)
    .exitOverride(({ exitCode, code, message }) => {
      // 1 would be an answer.
      throw new CommanderError(exitCode === 0 ? 0 : UNREADABLE, code, message);
    })
    .action((endpoint: string, options: Options) => io.stay(whoWas(endpoint, options, io)));
}

async function whoWas(text: string, options: Options, io: CliIo): Promise<number> {
  const endpoint = normalEndpoint(text);
  const moment = parseMoment(options.at);
  if (endpoint === undefined || moment === undefined) {
    const wrong = endpoint === undefined ? text : options.at;
    const what = endpoint === undefined ? "address and port" : "time";
    io.err(`isthmus: "${wrong}" is no ${what}; see: isthmus who-was --help\n`);
    return UNREADABLE;
  }
  const { at, log, protocol, json } = options;
  const question: Question = { public: endpoint, at, moment, protocol };
  let found: WhoWas;
  try {
    found = await search(question, log);
  } catch (error) {
    io.err(`isthmus: ${(error as Error).message}\n`);
    return UNREADABLE;
  }
  io.out(json ? `${JSON.stringify(plain(found), null, 2)}\n` : describe(found));
  return found.owners.length > 0 ? 0 : NOBODY;
}

async function search(question: Question, log: string): Promise<WhoWas> {
  const owners = new Owners();
  const words = [`"public":"${question.public}"`, '"event":"log-'];
  const times: number[] = [];
  if (!existsSync(log)) throw new Error(`there is no log ${log}; --log names another`);
  for (const file of filesOfLog(log)) {
    const lines = new MatchingLines(words);
    try {
      for await (const chunk of readChunks(file))
        for (const line of lines.take(chunk)) owners.take(line);
    } catch (error) {
      throw new Error(`${file}: ${(error as Error).message}`, { cause: error });
    }
    for (const line of lines.finish()) owners.take(line);
    times.push(...[lines.first, lines.last].map(timeOf).filter((time) => !Number.isNaN(time)));
  }
  const reach = times.length === 0 ? undefined : { from: times[0]!, to: Math.max(...times) };
  return answer(question, owners, reach);
}

function timeOf(line: string): number {
  return Date.parse(/"time":"([^"]*)"/.exec(line)?.[1] ?? "");
}

/** As the log writes it; undefined when it is none. */
function normalEndpoint(text: string): string | undefined {
  const [, six, four, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const address = parseIpAddress(six ?? four ?? "");
  if (!address || Number(digits) > 65535) return undefined;
  if ((address.family === 6) !== (six !== undefined)) return undefined;
  const host = formatIpAddress(address);
  return six === undefined ? `${host}:${Number(digits)}` : `[${host}]:${Number(digits)}`;
}

/** Times as text; null where nothing is known. */
function plain({ owners, log, ...rest }: WhoWas) {
  const time = (millis: number | undefined) => (millis === undefined ? null : timeText(millis));
  return {
    ...rest,
    owners: owners.map(({ since, until, vpc, seenBy, ...each }) => ({
      ...each,
      vpc: vpc ?? null,
      seenBy: seenBy ?? null,
      since: time(since),
      until: time(until),
    })),
    log: log ? { from: time(log.from), to: time(log.to) } : null,
  };
}
