// `npm run bench [-- OPTIONS]`: every scenario in one run, in interleaved rounds, so that what
// disturbs the machine disturbs all alike. Medians are printed; compare within one run, and to the
// plain copy of that run.

import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { appendFileSync } from "node:fs";
import os from "node:os";
import { fail, readOptions } from "./options.ts";
import { type Scenario, scenarios } from "./scenarios.ts";

const USAGE = `Usage: npm run bench -- [options]

Packets a second in memory on one core, next to those of a plain copy, in some minutes.

  --only=TEXT  only scenarios with TEXT in their name, and the plain copy
  --steps      where the time goes, too; the totals are then a little higher
  --save       append the numbers to bench/history.jsonl
  -h, --help   this text
`;
const options = readOptions(USAGE, {
  only: { type: "string" },
  steps: { type: "boolean" },
  save: { type: "boolean" },
});
const timed = options.steps === true;
const ROUNDS = 15;
const BATCHES = 1000;

interface Runner {
  readonly scenario: Scenario;
  readonly child: ChildProcess;
  readonly frameLength: number;
  readonly compileMillis: number;
  readonly nanos: number[];
  /** By round, p99.9 of the time of a batch. */
  readonly micros: number[];
  /** Growth of resident memory while the flows were opened. */
  readonly mebibytes: number;
  /** Of the last round, with --steps. */
  steps: readonly [string, number][];
}

interface Row {
  readonly name: string;
  readonly frameLength: number;
  readonly nanos: number;
  readonly spread: number;
  readonly mpps: number;
  readonly copies: number;
  /** Microseconds that 999 of 1,000 batches take at most: median of the rounds. */
  readonly batchMicros: number;
  readonly compileMillis: number;
  readonly mebibytes: number;
  readonly steps: readonly [string, number][];
}

async function start(scenario: Scenario): Promise<Runner> {
  const worker = new URL("worker.ts", import.meta.url);
  const child = fork(worker, [JSON.stringify(scenario), timed ? "timed" : ""], {
    stdio: "inherit",
  });
  const [ready] = await Promise.race([once(child, "message"), failure(child, scenario)]);
  return { scenario, child, nanos: [], micros: [], steps: [], ...ready };
}

async function failure(child: ChildProcess, scenario: Scenario): Promise<never> {
  await once(child, "exit");
  throw new Error(`the process of "${scenario.name}" ended early`);
}

async function measure(): Promise<Row[]> {
  const runners: Runner[] = [];
  // Once for nothing: from then on modules come from the compile cache. A process that has to
  // strip types does so in WebAssembly, and V8 asks at each access to memory whether it is there.
  (await start(chosen()[0]!)).child.kill();
  try {
    for (const scenario of chosen()) runners.push(await start(scenario));
    for (let round = 0; round < ROUNDS; round++) {
      progress(`round ${round + 1} of ${ROUNDS}`);
      for (const runner of runners) {
        runner.child.send(BATCHES);
        const [answer] = await once(runner.child, "message");
        runner.nanos.push(answer.nanos);
        runner.micros.push(answer.micros);
        runner.steps = answer.steps;
      }
    }
    progress("");
  } finally {
    for (const { child } of runners) child.kill();
  }
  const copy = median(runners.find(({ scenario }) => scenario.kind === "copy")?.nanos ?? []);
  return runners.map(
    ({ scenario, nanos, micros, mebibytes, frameLength, compileMillis, steps }) => ({
      name: scenario.name,
      frameLength,
      nanos: median(nanos),
      spread: Math.max(...nanos) - Math.min(...nanos),
      mpps: 1000 / median(nanos),
      copies: median(nanos) / copy,
      batchMicros: median(micros),
      mebibytes: scenario.kind === "gateway" && scenario.flows > 0 ? mebibytes : 0,
      compileMillis,
      steps,
    }),
  );
}

function chosen(): readonly Scenario[] {
  const { only = "" } = options;
  const named = scenarios.filter(({ name }) => name.includes(only));
  const names = () => scenarios.map(({ name }) => `  ${name}`).join("\n");
  if (named.length === 0)
    fail(`no scenario has "${only}" in its name; there are\n${names()}`, USAGE);
  return scenarios.filter((each) => each.kind === "copy" || named.includes(each));
}

/** One line that changes in place; nothing when nobody watches. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${text.padEnd(20)}\r`);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function print(rows: readonly Row[]): void {
  const width = Math.max(...rows.map(({ name }) => name.length));
  const heading = [
    "bytes",
    "ns",
    "spread",
    "Mpps",
    "copies",
    "p99.9 us",
    "flows MiB",
    "compile ms",
  ];
  const cells = heading.map((text) => text.padStart(11)).join("");
  process.stdout.write(`${"".padEnd(width)}${cells}\n`);
  for (const row of rows) {
    const numbers = [
      `${row.frameLength}`,
      row.nanos.toFixed(1),
      row.spread.toFixed(1),
      row.mpps.toFixed(2),
      row.copies.toFixed(2),
      row.batchMicros.toFixed(0),
      row.mebibytes.toFixed(0),
      row.compileMillis.toFixed(1),
    ];
    const line = numbers.map((text) => text.padStart(11)).join("");
    process.stdout.write(`${row.name.padEnd(width)}${line}\n`);
    const steps = row.steps.map(([name, nanos]) => `${name} ${nanos.toFixed(1)}`).join(", ");
    if (steps !== "") process.stdout.write(`  ${steps}\n`);
  }
}

/** One line a row: commit, machine, numbers. */
function save(rows: readonly Row[]): void {
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  const machine = `${os.cpus()[0]?.model ?? "unknown"}, node ${process.version}`;
  const date = new Date().toISOString();
  const lines = rows.map(
    ({ steps: _, ...row }) => `${JSON.stringify({ date, commit, machine, ...row })}\n`,
  );
  appendFileSync(new URL("history.jsonl", import.meta.url), lines.join(""));
}

const rows = await measure();
print(rows);
if (options.save) save(rows);
