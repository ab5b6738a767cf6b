// What a difference looks like: the run is made again, and this time the packets are kept. The last
// ones of the flow that differs are shown, and written down as a capture and as a story.

import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { PcapngWriter } from "../../src/drivers/pcapng-write.ts";
import { describePacket } from "../../src/wire/notation.ts";
import { configText } from "./model.ts";
import { type Options, Simulation } from "./simulation.ts";

interface Recorded {
  readonly number: number;
  readonly now: number;
  readonly vpc: string;
  readonly to: string | undefined;
  readonly verdict: string;
  readonly bytes: Uint8Array;
  /** As it left; empty when it did not. */
  readonly out: Uint8Array;
}

const KEPT = 50_000;
const SHOWN = 20;
const RAW_IP = 101;

/** Lines that say what differs and show how it came to that. */
export function reportDifference(options: Options, error: Error): string[] {
  const records: Recorded[] = [];
  const simulation = new Simulation({
    ...options,
    record: (each, count) => keep(records, each, count),
  });
  const again = rerun(simulation);
  const same = again?.message === error.message;
  const { oracle, received, configured } = simulation;
  const found = records.find(({ number }) => number === received + oracle.at);
  const lines = [
    `world ${options.seed}, packet ${received + oracle.at}, batch ${simulation.batches}`,
    error.message,
    ...(same ? [] : [`made again it was different: ${again?.message ?? "no difference"}`]),
  ];
  if (found === undefined || oracle.at >= records.length) return lines;
  const pairs = new Set([found.bytes, found.out].flatMap(endsOf));
  const related = records.filter(
    (each) =>
      each.number <= found.number &&
      [each.bytes, each.out].flatMap(endsOf).some((ends) => pairs.has(ends)),
  );
  const { bytes, length } = oracle.expected;
  const folder = `${tmpdir()}/simulation-${options.seed}`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/packets.pcapng`, capture(related));
  writeFileSync(
    `${folder}/story.yaml`,
    story(configText(configured.model), related, error.message),
  );
  return [
    ...lines,
    ...related.slice(-SHOWN).map(show),
    `what the oracle wrote last: ${textOf(bytes.subarray(0, length))}`,
    `the packets of that flow: ${folder}/packets.pcapng, ${folder}/story.yaml`,
  ];
}

function rerun(simulation: Simulation): Error | undefined {
  try {
    for (;;) simulation.step();
  } catch (error) {
    return error as Error;
  }
}

function keep(records: Recorded[], simulation: Simulation, count: number): void {
  for (let i = 0; i < count; i++) {
    const { verdict, packet, to } = simulation.outcomes[i]!;
    const { bytes, vpc } = simulation.packets[i]!;
    records.push({
      number: simulation.received + i,
      now: simulation.now,
      vpc: simulation.vpcs[vpc]!.name,
      to,
      verdict,
      bytes: bytes.slice(),
      out: verdict === "sent" ? packet.slice() : new Uint8Array(0),
    });
  }
  if (records.length > 2 * KEPT) records.splice(0, records.length - KEPT);
}

/** Both ends of a packet, and of one that it quotes, whichever way it goes. */
function endsOf(bytes: Uint8Array): string[] {
  if (bytes.length === 0) return [];
  return [...textOf(bytes).matchAll(/(\S+) > (\S+)/g)].map(([, from, to]) =>
    [from, to].sort().join(" "),
  );
}

function textOf(bytes: Uint8Array): string {
  return bytes.length === 0 ? "nothing" : describePacket(bytes);
}

function show({ number, now, vpc, to, verdict, bytes, out }: Recorded): string {
  const became = verdict === "sent" ? `${to} ${textOf(out)}` : verdict;
  return `${number} at ${now}: ${vpc} ${textOf(bytes)} => ${became}`;
}

function capture(records: readonly Recorded[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const writer = new PcapngWriter((bytes) => parts.push(bytes));
  const before = writer.interface("before", RAW_IP);
  const after = writer.interface("after", RAW_IP);
  for (const { now, bytes, out, number, verdict } of records) {
    const nanos = BigInt(now) * 1_000_000n;
    writer.packet({ iface: before, nanos, bytes, comment: `${number}: ${verdict}` });
    if (out.length > 0) writer.packet({ iface: after, nanos, bytes: out });
  }
  return Buffer.concat(parts);
}

/** Where ports are chosen by chance, a story may choose others. */
function story(config: object, records: readonly Recorded[], message: string): string {
  const lines = [
    `story: ${JSON.stringify(message)}`,
    `config: ${JSON.stringify(config)}`,
    "steps:",
  ];
  let last = records[0]?.now ?? 0;
  for (const { now, vpc, bytes, out, to, verdict } of records) {
    if (now > last) lines.push(`  - after: ${now - last}ms`);
    last = now;
    lines.push(`  - send: ${JSON.stringify(`${vpc} ${describePacket(bytes, "full")}`)}`);
    const expected = JSON.stringify(`${to} ${textOf(out)}`);
    lines.push(verdict === "sent" ? `    expect: ${expected}` : `    drop: ${verdict}`);
  }
  return `${lines.join("\n")}\n`;
}
