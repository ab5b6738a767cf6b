// The rows on the terminal, and in the history.

import { execFileSync } from "node:child_process";
import { appendFileSync } from "node:fs";
import os from "node:os";
import type { Cell, Result } from "./cell.ts";

export interface Row extends Cell, Result {
  readonly name: string;
  readonly contender: string;
}

export interface ComparedRow extends Row {
  /** How many packets for one of the kernel's: as counted, and by the time of a core that each
   * takes, which holds on a machine that is busy otherwise. NaN without the kernel's row. */
  readonly timesCounted: number;
  readonly timesByNanos: number;
}

/** The kernel's row is the first of its scenario and size. */
export function withRatios(rows: readonly Row[]): readonly ComparedRow[] {
  return rows.map((row) => {
    const kernel = rows.find(
      ({ contender, scenario, length }) =>
        contender.startsWith("kernel") && scenario === row.scenario && length === row.length,
    );
    const { kpps, nanos } = kernel ?? { kpps: Number.NaN, nanos: Number.NaN };
    return { ...row, timesCounted: row.kpps / kpps, timesByNanos: nanos / row.nanos };
  });
}

const COLUMNS: Readonly<Record<string, (row: ComparedRow) => string>> = {
  "sent kpps": ({ sentKpps }) => sentKpps.toFixed(0),
  kpps: ({ kpps }) => kpps.toFixed(0),
  "lost %": ({ sentKpps, kpps }) => (100 * (1 - kpps / sentKpps)).toFixed(0),
  "ns CPU": ({ nanos }) => nanos.toFixed(0),
  process: ({ processNanos }) => processNanos.toFixed(0),
  "own code": ({ userNanos }) => userNanos.toFixed(0),
  "core %": ({ busy }) => (100 * busy).toFixed(0),
  "of it own": ({ own }) => (100 * own).toFixed(0),
  "x kpps": ({ timesCounted }) => timesCounted.toFixed(2),
  "x CPU": ({ timesByNanos }) => timesByNanos.toFixed(2),
};

export function printTable(rows: readonly ComparedRow[]): void {
  const width = Math.max(...rows.map(({ name }) => name.length));
  const line = (name: string, cells: readonly string[]) => {
    const columns = cells.map((text) => text.padStart(11)).join("");
    process.stdout.write(`${name.padEnd(width)}${columns}\n`);
  };
  line("", Object.keys(COLUMNS));
  for (const row of rows) {
    line(
      row.name,
      Object.values(COLUMNS).map((cell) => cell(row)),
    );
  }
}

/** One line a row: commit, machine, numbers. */
export function saveRows(rows: readonly ComparedRow[]): void {
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  const model = os.cpus()[0]?.model ?? "unknown";
  const machine = `${model}, Linux ${os.release()}, node ${process.version}`;
  const date = new Date().toISOString();
  const lines = rows.map((row) => `${JSON.stringify({ date, commit, machine, ...row })}\n`);
  appendFileSync(new URL("history.jsonl", import.meta.url), lines.join(""));
}
