// The demonstration that needs nothing: a bundled capture through a bundled configuration,
// explained packet by packet.

import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Decision } from "../../gateway/outcome.ts";
import { describePacket } from "../../wire/notation.ts";
import type { CliIo } from "../io.ts";
import { loadForCommand } from "../load-config.ts";
import { describeInput, dropReason } from "../replay/describe.ts";
import { Replay, type Replayed } from "../replay/replay.ts";
import { summary } from "../replay/summary.ts";

const CONFIG = "../../../examples/static-both.yaml";
const CAPTURE = "../../../examples/captures/static-both.pcap";
/** How this is started: in a checkout, or where the package is installed. */
const PROGRAM = import.meta.url.endsWith(".ts") ? "./isthmus" : "npx isthmus";

export function replayDemo(io: CliIo): void {
  const config = loadForCommand(pathOf(CONFIG), io);
  if (config === undefined) return;
  const paint = painter(io.colour);
  io.out(`${paint.strong("Isthmus: two networks with the same addresses, talking")}\n\n`);
  io.out("blue  10.0.0.0/24, seen from green as 192.0.2.0/24\n");
  io.out("green 10.0.0.0/24, seen from blue  as 198.51.100.0/24\n\n");
  io.out(`configuration ${pathOf(CONFIG)}\ncapture       ${pathOf(CAPTURE)}\n\n`);
  const work = new Replay({ config, map: new Map() }, (each) => io.out(show(each, paint)));
  work.push(readFileSync(new URL(CAPTURE, import.meta.url)));
  work.end();
  io.out(`\n${summary(work.counts(), work.lost)}\n`);
  io.out("Try it on a capture of your own:\n");
  io.out(`  ${PROGRAM} replay gateway.yaml in.pcap -o out.pcapng --dropped\n`);
}

/** Relative to where the user stands. */
function pathOf(file: string): string {
  return relative(process.cwd(), fileURLToPath(new URL(file, import.meta.url)));
}

interface Painter {
  strong(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  faint(text: string): string;
}

function painter(colour: boolean): Painter {
  const code = (number: number) => (text: string) =>
    colour ? `\x1b[${number}m${text}\x1b[0m` : text;
  return { strong: code(1), good: code(32), bad: code(31), faint: code(2) };
}

function show(replayed: Replayed, paint: Painter): string {
  const { number, outcome, answer } = replayed;
  const { verdict, from, to } = outcome;
  const came = describeInput(replayed);
  const head = `${String(number).padStart(3)}  ${(from ?? "?").padEnd(6)} ${came}\n`;
  if (verdict === "sent") {
    const left = mark(came, describePacket(outcome.packet), paint);
    const why = [outcome.source, outcome.destination].flatMap((each) => (each ? [say(each)] : []));
    return `${head}  ${paint.good("->")} ${(to ?? "?").padEnd(6)} ${left}\n${" ".repeat(12)}${paint.faint(why.join(", "))}\n`;
  }
  const reason = dropReason(verdict);
  const lines = [`  ${paint.bad("x")}  dropped: ${paint.bad(verdict)}`];
  if (reason)
    lines.push(
      `${" ".repeat(12)}${reason.sentence}`,
      `${" ".repeat(12)}${paint.faint(reason.advice)}`,
    );
  if (answer) {
    const said = describePacket(answer.packet);
    lines.push(`  ${paint.good("->")} ${answer.to.padEnd(6)} ${said}`);
    lines.push(`${" ".repeat(12)}${paint.faint("the gateway's own answer")}`);
  }
  return `${head}${lines.join("\n")}\n`;
}

/** The words that changed stand out. */
function mark(before: string, after: string, paint: Painter): string {
  const old = before.split(" ");
  return after
    .split(" ")
    .map((word, index) => (word === old[index] ? word : paint.strong(word)))
    .join(" ");
}

function say({ label, place }: Decision): string {
  return `${label} (line ${place.line})`;
}
