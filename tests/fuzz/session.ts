// Targets one after the other, each with its share of the time, and what is said about it.

import { createHash, randomInt } from "node:crypto";
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { root } from "../support/source-files.ts";
import type { Coverage } from "./coverage.ts";
import { complaint, writeFinding } from "./finding.ts";
import { fuzz } from "./fuzzer.ts";
import type { Target } from "./target.ts";

export interface SessionOptions {
  readonly seed: number;
  /** For all targets together. */
  readonly minutes: number;
  /** Inputs for each target instead. */
  readonly inputs?: number | undefined;
  /** Inputs that reach new code are added to the corpus. */
  readonly coverage?: Coverage | undefined;
  readonly say: (line: string) => void;
}

export function freshSeed(): number {
  return randomInt(2 ** 31);
}

/** How much was found. */
export async function fuzzTargets(
  targets: readonly Target<unknown>[],
  { seed, minutes, inputs, coverage, say }: SessionOptions,
): Promise<number> {
  say(`seed ${seed}`);
  let found = 0;
  for (const target of targets) {
    const end = performance.now() + (minutes * 60_000) / targets.length;
    const isOver = (done: number) =>
      inputs === undefined ? performance.now() >= end : done >= inputs;
    const keep = (input: unknown) => addToCorpus(target, input);
    const report = await fuzz(target, corpusOf(target), { seed, isOver, keep, coverage });
    const { units, unitsPerSecond, kept, findings } = report;
    const [count, speed] = [units, unitsPerSecond].map((each) => each.toLocaleString("en"));
    const grown = coverage === undefined ? "" : `; ${kept} added to the corpus`;
    const what = `${count} ${target.unit}, ${speed} a second of processor time${grown}`;
    say(`${target.name.padEnd(14)} ${what}; ${findings.length} found`);
    for (const finding of findings) {
      const file = writeFinding(finding, seed);
      say(`FOUND by ${target.name}: ${finding.message}`);
      say(`repeat: npm run fuzz -- --target ${target.name} --repeat ${file}`);
    }
    found += findings.length;
  }
  return found;
}

/** Paths of the files that are inputs of the target. */
export function corpusFiles({ corpus }: Target<unknown>): string[] {
  return globSync(`tests/fuzz/corpus/${corpus}/*`, { cwd: root }).sort();
}

function corpusOf(target: Target<unknown>): unknown[] {
  return corpusFiles(target).map((path) => target.read(readFileSync(`${root}${path}`)));
}

function addToCorpus(target: Target<unknown>, input: unknown): void {
  const file = target.write(input);
  const folder = `${root}tests/fuzz/corpus/${target.corpus}`;
  mkdirSync(folder, { recursive: true });
  const name = createHash("sha256").update(file).digest("hex").slice(0, 10);
  writeFileSync(`${folder}/${name}.${target.extension}`, file);
}

/** Throws what the input makes the target throw. */
export function replay(target: Target<unknown>, file: Uint8Array): void {
  const error = complaint(target, target.read(file));
  if (error !== undefined) throw error;
}
