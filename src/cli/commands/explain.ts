// `isthmus explain CONFIG --from VPC "PACKET"`: what would become of a packet, and why.

import type { Command } from "commander";
import type { PacketExplanation } from "../../insight/explain/explanation.ts";
import { ExplainSession } from "../../insight/explain/session.ts";
import { NotationError } from "../../wire/notation.ts";
import { DEFAULT_API } from "../api-client.ts";
import { askGateway, printJson } from "../api-command.ts";
import type { ApiExplanation } from "../api-types.ts";
import { formatExplanation } from "../explain/format.ts";
import type { CliIo } from "../io.ts";
import { loadForCommand } from "../load-config.ts";

interface Options {
  readonly from: string;
  readonly then?: readonly string[];
  readonly live?: boolean;
  readonly api: string;
  readonly json?: boolean;
}

const HELP = `
PACKET is in packet notation (docs/stories.md), for example
  "udp 10.0.0.4:3000 > 198.51.100.8:53"
  "tcp 10.0.0.4:30000 > 198.51.100.8:80 syn"
  "icmp 10.0.0.4 > 198.51.100.8 echo-request id=7 seq=1"
or "hex" and the bytes of an IP packet.

--then is another packet, when the ones before have passed: "reply" for the answer to the last one,
or a packet, after "VPC:" if it does not come from where the last one went. "wait 5m" lets time
pass. What becomes of fragments that have waited is told when it is decided.

With --live the packets, 8 at most, are tried out on the running gateway, and undone: they meet the
flows and neighbors that are there now, and nothing of them stays, is counted or leaves. Its time
does not pass: there is no "wait".

Exit 0 when it is explained, also when it is dropped; 2 when the packet cannot be read; 1 when the
configuration is wrong.`;

export function registerExplain(program: Command, io: CliIo): void {
  program
    .command("explain")
    .description("follow a packet through every step, and say why it passes or is dropped")
    .argument("[config]", "configuration file (YAML); none with --live")
    .argument("[packet]", "in packet notation")
    .requiredOption("--from <vpc>", "the VPC that the packet comes from")
    .option(
      "--then <packet>",
      'another packet, behind it: "reply", or "VPC: PACKET"; may be repeated',
      (value: string, all: string[] = []) => [...all, value],
    )
    .option("--live", "ask the running gateway, with the flows that it has")
    .option("--api <path|url>", "with --live: where that listens", DEFAULT_API)
    .option("--json", "as JSON")
    .addHelpText("after", HELP)
    .action((first: string | undefined, second: string | undefined, options: Options) => {
      if (options.live) explainByApi(first, second, options, io);
      else if (first === undefined || second === undefined) {
        throw new Error("explain takes a configuration and a packet, or --live and a packet");
      } else explainAll(first, second, options, io);
    });
}

function explainByApi(
  packet: string | undefined,
  more: string | undefined,
  options: Options,
  io: CliIo,
): void {
  if (packet === undefined || more !== undefined) {
    throw new Error("explain --live takes a packet, and no configuration");
  }
  askGateway(options, io, async (client) => {
    const { from, then: behind } = options;
    // biome-ignore lint/suspicious/noThenProperty: a list, which nobody waits for
    const asked = { from, packet, ...(behind && { then: behind }) };
    const { then = [], ...first } = await client.post<ApiExplanation>("/v1/explain", asked);
    const all = [first, ...then];
    if (options.json) printJson({ packets: all }, io);
    else show(all as PacketExplanation[], io);
    return 0;
  });
}

function explainAll(path: string, packet: string, options: Options, io: CliIo): void {
  const config = loadForCommand(path, io);
  if (config === undefined) return;
  const session = new ExplainSession(config);
  const all: PacketExplanation[] = [];
  try {
    all.push(...session.explain(packet, options.from));
    for (const each of options.then ?? []) all.push(...session.next(each));
  } catch (error) {
    if (!options.json) show(all, io);
    io.err(`isthmus: ${say(error as Error)}\n`);
    io.exit(2);
    return;
  }
  if (options.json) io.out(`${JSON.stringify({ packets: all }, null, 2)}\n`);
  else show(all, io);
}

function show(all: readonly PacketExplanation[], io: CliIo): void {
  io.out(all.map((each) => formatExplanation(each, io.colour)).join("\n"));
}

function say(error: Error): string {
  return error instanceof NotationError
    ? `the packet cannot be read: ${error.message}`
    : error.message;
}
