// An input that must not have done what it did: made as small as a few hundred tries can, and
// written where git does not look, with the command that repeats it.

import { mkdirSync, writeFileSync } from "node:fs";
import { root } from "../support/source-files.ts";
import type { Target } from "./target.ts";

const TRIES = 400;

export interface Finding {
  readonly target: string;
  /** The line of ours that complained: two findings there are one. */
  readonly where: string;
  readonly message: string;
  readonly file: Uint8Array;
  readonly extension: string;
}

/** `history`: all that the judge was given before it threw `error`, the last being why. */
export function shrink<Input>(
  target: Target<Input>,
  history: readonly Input[],
  error: unknown,
): Finding {
  const last = history.at(-1)!;
  let parts: readonly Input[] = target.split(last);
  for (let length = 1; !fails(target, parts); ) {
    if (length >= history.length) break;
    length = Math.min(length * 4, history.length);
    parts = target.split(target.join(history.slice(-length)));
  }
  const smallest = target.join(leaveOut(target, parts));
  const cause = complaint(target, smallest) ?? error;
  const { message, stack = "" } = cause instanceof Error ? cause : new Error(`${cause}`);
  const places = stack.split("\n").filter((line) => /\/(?:src|tests)\//.test(line));
  return {
    target: target.name,
    where: (places[0] ?? message).trim(),
    message: `${message}\n${places.slice(0, 6).join("\n")}`,
    file: target.write(smallest),
    extension: target.extension,
  };
}

function leaveOut<Input>(target: Target<Input>, parts: readonly Input[]): readonly Input[] {
  let left = parts;
  let tries = 0;
  for (let size = Math.ceil(left.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < left.length && tries < TRIES; ) {
      const fewer = left.toSpliced(at, size);
      tries++;
      if (fewer.length > 0 && fails(target, fewer)) left = fewer;
      else at += size;
    }
  }
  return left;
}

function fails<Input>(target: Target<Input>, parts: readonly Input[]): boolean {
  return complaint(target, target.join(parts)) !== undefined;
}

/** What a fresh judge throws at the input. */
export function complaint<Input>(target: Target<Input>, input: Input): unknown {
  try {
    target.judge()(input);
    return undefined;
  } catch (error) {
    return error;
  }
}

/** The path of the file. */
export function writeFinding({ target, file, extension }: Finding, seed: number): string {
  mkdirSync(`${root}.failures`, { recursive: true });
  let hash = 5381;
  for (const byte of file) hash = (Math.imul(hash, 33) ^ byte) >>> 0;
  const path = `.failures/${target}-${seed}-${hash.toString(16)}.${extension}`;
  writeFileSync(`${root}${path}`, file);
  return path;
}
