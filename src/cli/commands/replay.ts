// `isthmus replay CONFIG IN -o OUT`: a capture through the gateway.

import type { Command } from "commander";
import type { Config } from "../../config/model.ts";
import { PcapngWriter } from "../../drivers/pcapng-write.ts";
import { describePacket } from "../../wire/notation.ts";
import type { CliIo, Input, Output } from "../io.ts";
import { loadForCommand } from "../load-config.ts";
import { describe, describeAnswer, describePiece, formatTime } from "../replay/describe.ts";
import { Progress } from "../replay/progress.ts";
import { Replay, type Replayed } from "../replay/replay.ts";
import { summary } from "../replay/summary.ts";

interface Options {
  readonly output: string;
  readonly from?: string;
  readonly map?: readonly string[];
  readonly dropped?: boolean;
  readonly log?: string;
}

const UNTOLD =
  "frames without a tunnel belong to the VPC that --from or --map names, or their interface's name";
const HELP = `
The VPC of a frame is that of its VNI when it comes in VXLAN; else the one --map gives its
interface, the one its interface is named like, or the one of --from.

Exit 0, or 1 when the capture could not be read to its end; what was read is written.`;

const CHUNK = 1 << 20;

export function registerReplay(program: Command, io: CliIo): void {
  program
    .command("replay")
    .description("send a capture through the gateway and write what comes out")
    .argument("<config>", "configuration file (YAML)")
    .argument("<in>", "capture (pcap or pcapng), - for standard input")
    .requiredOption(
      "-o, --output <file>",
      "where to write the result (pcapng), - for standard output",
    )
    .option("--from <vpc>", "the VPC of frames that come in no VXLAN tunnel")
    .option(
      "--map <interface=vpc>",
      "the VPC of an interface of the capture; may be repeated",
      (value: string, all: string[] = []) => [...all, value],
    )
    .option("--dropped", "write dropped packets too, to an interface of their own")
    .option("--log <file>", "one JSON line a packet")
    .addHelpText("after", HELP)
    .action((config: string, input: string, options: Options) => {
      replay(config, input, options, io);
    });
}

function replay(configPath: string, inputPath: string, options: Options, io: CliIo): void {
  const config = loadForCommand(configPath, io);
  if (config === undefined) return;
  const map = parseMap(options.map ?? []);
  checkVpcs(config, [options.from, ...map.values()]);
  checkFiles(configPath, inputPath, options, io);
  const input = io.openInput(inputPath);
  const log = options.log === undefined ? undefined : io.openOutput(options.log);
  const output = io.openOutput(options.output);
  const sinks = new Sinks(output, log, options.dropped === true);
  const work = new Replay({ config, from: options.from, map }, (each) => sinks.take(each));
  try {
    pump(input, work, new Progress(input.size, io));
  } finally {
    input.close();
    output.close();
    log?.close();
  }
  const report = options.output === "-" ? io.err : io.out;
  report(summary(work.counts(), work.lost));
  const { sent, dropped } = work.counts();
  const untold = options.from === undefined && map.size === 0 && sent === 0;
  if (untold && dropped.has("unknown-vpc")) io.err(`note: ${UNTOLD}\n`);
  for (const name of work.unknownInterfaces) {
    io.err(`note: the capture has no interface "${name}", which --map speaks of\n`);
  }
  const stopped = work.trouble && `stopped: ${work.trouble}`;
  for (const trouble of [work.unreadable, stopped]) {
    if (trouble === undefined) continue;
    io.err(`${inputPath}: ${trouble}\n`);
    io.exit(1);
  }
}

/** Nothing that is read, or written already, may be written over. */
function checkFiles(config: string, input: string, { output, log }: Options, io: CliIo): void {
  const taken: [file: string, what: string][] = [
    [config, "configuration"],
    [input, "capture"],
  ];
  for (const file of [output, log]) {
    if (file === undefined) continue;
    const clash = taken.find(([other]) => (file === "-" ? false : io.sameFile(other, file)));
    if (clash) throw new Error(`${file} is the ${clash[1]} itself; choose another name`);
    taken.push([file, "output"]);
  }
}

function parseMap(pairs: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    pairs.map((pair) => {
      const at = pair.lastIndexOf("=");
      if (at < 1) throw new Error(`--map ${pair}: write INTERFACE=VPC`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

function checkVpcs(config: Config, wanted: readonly (string | undefined)[]): void {
  const known = config.vpcs.map(({ name }) => name);
  for (const vpc of wanted) {
    if (vpc === undefined || known.includes(vpc)) continue;
    throw new Error(`there is no VPC "${vpc}"; there are ${known.join(", ")}`);
  }
}

function pump(input: Input, work: Replay, progress: Progress): void {
  const buffer = new Uint8Array(CHUNK);
  for (;;) {
    const count = input.read(buffer);
    if (count === 0) break;
    work.push(buffer.subarray(0, count));
    progress.add(count);
    if (work.trouble !== undefined) break;
  }
  work.end();
  progress.done();
}

/** Where the packets go: the capture, an interface for each VPC and link type, and the log. */
class Sinks {
  readonly #writer: PcapngWriter;
  readonly #log: Output | undefined;
  readonly #dropped: boolean;
  readonly #interfaces = new Map<string, number>();

  constructor(output: Output, log: Output | undefined, dropped: boolean) {
    this.#writer = new PcapngWriter((bytes) => output.write(bytes));
    this.#log = log;
    this.#dropped = dropped;
  }

  take(replayed: Replayed): void {
    const { outcome, frame, nanos, linkType, answer } = replayed;
    const sent = outcome.verdict === "sent";
    if (sent || this.#dropped) {
      this.#writer.packet({
        iface: this.#interface(sent ? (outcome.to ?? "") : "dropped", linkType),
        nanos,
        bytes: sent ? outcome.frame : frame.bytes,
        originalLength: sent ? undefined : frame.originalLength,
        comment: describe(replayed),
      });
    }
    for (const [index, piece] of outcome.pieces.entries()) {
      this.#writer.packet({
        iface: this.#interface(outcome.to ?? "", linkType),
        nanos,
        bytes: piece.frame,
        originalLength: undefined,
        comment: describePiece(replayed, index),
      });
    }
    if (answer !== undefined) {
      this.#writer.packet({
        iface: this.#interface(answer.to, linkType),
        nanos,
        bytes: answer.frame,
        originalLength: undefined,
        comment: describeAnswer(replayed),
      });
    }
    if (this.#log) this.#log.write(new TextEncoder().encode(`${logLine(replayed)}\n`));
  }

  #interface(name: string, linkType: number): number {
    const key = `${linkType} ${name}`;
    const known = this.#interfaces.get(key);
    if (known !== undefined) return known;
    const index = this.#writer.interface(name, linkType);
    this.#interfaces.set(key, index);
    return index;
  }
}

function logLine({ number, frame, outcome, packet, answer }: Replayed): string {
  const sent = outcome.verdict === "sent";
  return JSON.stringify({
    n: number,
    time: formatTime(frame.nanos),
    from: outcome.from ?? null,
    in: packet.length > 0 ? describePacket(packet) : null,
    verdict: sent ? "sent" : outcome.verdict === "consumed" ? "consumed" : "dropped",
    reason: sent || outcome.verdict === "consumed" ? null : outcome.verdict,
    to: outcome.to ?? null,
    out: sent ? describePacket(outcome.packet) : null,
    frame: sent ? Buffer.from(outcome.frame).toString("hex") : null,
    ...(outcome.pieces.length > 0 && {
      pieces: outcome.pieces.map((piece) => describePacket(piece.packet)),
      pieceFrames: outcome.pieces.map((piece) => Buffer.from(piece.frame).toString("hex")),
    }),
    ...(answer && {
      answer: describePacket(answer.packet),
      answerFrame: Buffer.from(answer.frame).toString("hex"),
    }),
  });
}
