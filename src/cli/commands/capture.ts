// `isthmus capture`: packets of a running gateway, as they come and as they leave.

import type { Command } from "commander";
import { ApiError } from "../api-client.ts";
import { type ApiOptions, apiCommand, askGateway } from "../api-command.ts";
import { CaptureBlocks } from "../capture-blocks.ts";
import { counted } from "../human.ts";
import type { CliIo } from "../io.ts";
import { addressOf, limitOf, portOf, secondsOf } from "../option-values.ts";

interface CaptureOptions extends ApiOptions {
  readonly output: string;
  readonly vpc?: string;
  readonly address?: string;
  readonly port?: number;
  readonly protocol?: string;
  readonly dropped?: boolean;
  readonly count?: number;
  /** Seconds. */
  readonly for?: number;
}

const HELP = `
The file is pcapng with an interface for each VPC: each packet as it came and as it left, with
comments that say what became of it and which lines of the configuration decided. All the filters
must hold, of the packet as it came or as it leaves. Ends after --for or --count, or with Ctrl-C.
Packets that come too fast to be captured pass as ever, and are counted as missed.

  isthmus capture --address 10.0.0.4 -o - | tshark -r -`;

export function registerCapture(program: Command, io: CliIo): void {
  apiCommand(program, "capture", "packets of a running gateway, before and after translation")
    .requiredOption("-o, --output <file>", "pcapng file to write, - for standard output")
    .option("--vpc <name>", "from or to that VPC")
    .option("--address <address>", "from or to that address or prefix", addressOf)
    .option("--port <port>", "from or to that port of TCP or UDP", portOf)
    .option("--protocol <name>", "tcp, udp or icmp", (text: string) => text.toLowerCase())
    .option("--dropped", "only packets that are dropped")
    .option("--count <packets>", "end after so many", limitOf)
    .option("--for <time>", "end after that time, e.g. 10s; a minute if not said", secondsOf)
    .addHelpText("after", HELP)
    .action((options: CaptureOptions) => capture(options, io));
}

function capture(options: CaptureOptions, io: CliIo): void {
  const { output: path, vpc, address, port, protocol, dropped, count, for: seconds } = options;
  const query = { vpc, address, port, protocol, count, seconds };
  askGateway(options, io, async (client) => {
    const all = { ...query, dropped: dropped ? "true" : undefined };
    const stream = await client.stream("/v1/capture", all);
    const blocks = new CaptureBlocks();
    const output = io.openOutput(path);
    let stopped = false;
    io.onInterrupt(() => {
      stopped = true;
      stream.destroy();
    });
    try {
      for await (const chunk of stream) {
        output.write(blocks.take(chunk));
        output.flush();
        if (path === "-" && io.unread) break;
      }
    } catch (error) {
      if (!stopped) throw new ApiError(`${why(blocks, error)}; ${countsOf(blocks)}`);
    } finally {
      output.close();
    }
    const { packets, missed, cut } = blocks;
    // Something in between may have made a good end of it.
    if (cut !== undefined) throw new ApiError(`${cut}; ${countsOf(blocks)}`);
    if (options.json) io.err(`${JSON.stringify({ packets, missed })}\n`);
    else io.err(`${countsOf(blocks)}.\n`);
    return 0;
  });
}

function countsOf({ packets, missed }: CaptureBlocks): string {
  return `${counted(packets, "packet")} written, ${counted(missed, "packet")} missed`;
}

/** The file knows best. */
function why({ cut }: CaptureBlocks, error: unknown): string {
  if (cut !== undefined) return cut;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== "ECONNRESET") return `the gateway has ended the capture: ${message}`;
  return "the gateway has ended the capture before its time: it stopped, or nobody read for long";
}
