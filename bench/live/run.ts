// `npm run bench:live [-- OPTIONS]`: gateways next to the kernel's own NAT, packets over virtual
// cables, on one core each. docs/performance.md says how, and how to read it.

import { liveSystem, whyNotLive } from "../../tests/live/namespaces.ts";
import { fail, readOptions } from "../options.ts";
import { type Cell, measure } from "./cell.ts";
import { type Contender, isthmus, kernel, plainForwarder } from "./contenders.ts";
import type { Receiving } from "./cores.ts";
import { profileOf } from "./profile.ts";
import { printTable, type Row, saveRows, withRatios } from "./report.ts";
import { measureTcp } from "./tcp.ts";
import type { Scenario } from "./topology.ts";

const USAGE = `Usage: npm run bench:live -- [options]

Packets a second from interface to interface, next to those of the kernel's nftables, each on one
core; where the time of our process goes; and a TCP stream (iperf3). Takes some minutes, and needs
root and two cores.

  --run=COMMAND       the gateway: a command that takes the name of a configuration; "./isthmus run"
                      if not told
  --no-op             the drivers alone, too, with nothing between receiving and sending
  --only=TEXT         only rows with TEXT in them
  --receive=WHERE     the gateway's interface receives on the core of the "sender" (the default),
                      up to where the gateway takes over, or on that of the "gateway"
  --seconds=N         how long each row is counted; 3 if not told
  --rounds=N          how often each row is measured; the best counts; 1 if not told
  --brief             the table of packets alone
  --json              rows as JSON, one a line
  --save              append the rows to bench/live/history.jsonl
  -h, --help          this text
`;
const options = readOptions(USAGE, {
  run: { type: "string" },
  "no-op": { type: "boolean" },
  only: { type: "string" },
  receive: { type: "string" },
  seconds: { type: "string" },
  rounds: { type: "string" },
  brief: { type: "boolean" },
  json: { type: "boolean" },
  save: { type: "boolean" },
});

const SCENARIOS: readonly Scenario[] = ["cable", "vxlan"];
/** Of frames; with the checksum that hardware adds, 64 and 1,400 bytes. */
const LENGTHS = [60, 1396];

function positive(name: "seconds" | "rounds", otherwise: number): number {
  const value = Number(options[name] ?? otherwise);
  if (!(value > 0)) fail(`--${name} takes a number above 0`, USAGE);
  return value;
}

function receiving(): Receiving {
  const { receive = "sender" } = options;
  if (receive !== "gateway" && receive !== "sender")
    fail('--receive takes "gateway" or "sender"', USAGE);
  return receive;
}

function contenders(): readonly Contender[] {
  const all = [kernel];
  const command = (options.run ?? "./isthmus run").split(" ").filter((word) => word !== "");
  all.push(isthmus(command, "af-packet"), isthmus(command, "af-xdp"));
  if (options["no-op"]) {
    all.push(plainForwarder("af-packet"));
    all.push(plainForwarder("af-xdp", "generic"), plainForwarder("af-xdp", "native"));
  }
  return all;
}

interface Planned {
  readonly contender: Contender;
  readonly cell: Cell;
}

function plan(): readonly Planned[] {
  const [where, seconds] = [receiving(), positive("seconds", 3)];
  const { only = "" } = options;
  return SCENARIOS.flatMap((scenario) =>
    LENGTHS.flatMap((length) =>
      contenders().map((contender) => ({
        contender,
        cell: { scenario, length, seconds, receiving: where },
      })),
    ),
  ).filter(({ contender, cell }) => rowName(contender, cell).includes(only));
}

function rowName({ name }: Contender, { scenario, length }: Cell): string {
  return `${scenario}, ${length + 4} bytes, ${name}`;
}

/** Rounds are interleaved, so that what disturbs the machine disturbs all alike. */
async function measureAll(planned: readonly Planned[]): Promise<Row[]> {
  const best = new Map<Planned, Row>();
  for (let round = 0; round < rounds; round++) {
    for (const each of planned) {
      const { contender, cell } = each;
      const name = rowName(contender, cell);
      progress(`${round + 1}/${rounds} ${name}`);
      const { result } = await measure(system, contender, cell);
      const row = { name, contender: contender.name, ...cell, ...result };
      if (row.nanos < (best.get(each)?.nanos ?? Number.POSITIVE_INFINITY)) best.set(each, row);
    }
  }
  progress("");
  return [...best.values()];
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${text.padEnd(70)}\r`);
}

/** The best of the rounds, in turn; in words. */
async function measureStreams(): Promise<readonly string[]> {
  const streams = contenders().filter(({ name }) => `TCP, ${name}`.includes(options.only ?? ""));
  const best = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    for (const contender of streams) {
      progress(`${round + 1}/${rounds} TCP, ${contender.name}`);
      const gigabits = await measureTcp(system, contender);
      best.set(contender.name, Math.max(gigabits, best.get(contender.name) ?? 0));
    }
  }
  progress("");
  return [...best].map(([name, gigabits]) => {
    const share = (100 * gigabits) / (best.get(kernel.name) ?? Number.NaN);
    return `TCP, ${name}: ${gigabits.toFixed(2)} Gb/s, ${share.toFixed(0)} % of the kernel's`;
  });
}

async function printProfiles(planned: readonly Planned[]): Promise<void> {
  for (const { contender, cell } of planned) {
    if (contender.inKernel) continue;
    const name = rowName(contender, cell);
    progress(`where time goes: ${name}`);
    const shares = await profileOf(system, contender, cell);
    progress("");
    process.stdout.write(`${name}: ${shares}\n`);
  }
}

const why = whyNotLive();
if (why !== undefined) fail(why, USAGE);
const system = await liveSystem(why);
const rounds = positive("rounds", 1);
const planned = plan();
const streams = options.brief ? [] : await measureStreams();
if (planned.length + streams.length === 0) fail(`no row has "${options.only}" in its name`, USAGE);
const rows = withRatios(await measureAll(planned));
if (options.json) for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`);
else if (rows.length > 0) printTable(rows);
if (options.save) saveRows(rows);
if (!options.json) for (const stream of streams) process.stdout.write(`${stream}\n`);
if (!options.brief && !options.json) await printProfiles(planned);
