// What can be fuzzed: something that takes input from strangers, and what must hold whatever comes.

import type { Random } from "../../src/base/random.ts";

/** Takes one input after the other, remembering what it will; throws when something does not hold.
 * Returns how many things there were in the input: packets, or just the one. */
export type Judge<Input> = (input: Input) => number;

export interface Target<Input> {
  readonly name: string;
  /** What is counted. */
  readonly unit: string;
  /** Files of this folder of tests/fuzz/corpus are inputs to begin with. */
  readonly corpus: string;
  /** Other inputs to begin with. */
  readonly seeds: () => readonly Input[];
  readonly mutate: (input: Input, other: Input, random: Random) => Input;
  /** With nothing remembered. */
  readonly judge: () => Judge<Input>;
  /** An input in parts that may be left out, and back; of several inputs, the one that is all of
   * them in a row. */
  readonly split: (input: Input) => readonly Input[];
  readonly join: (parts: readonly Input[]) => Input;
  /** As a file. */
  readonly read: (file: Uint8Array) => Input;
  readonly write: (input: Input) => Uint8Array;
  readonly extension: string;
}

/** Of targets whose inputs are texts, all but what is theirs. */
export const TEXT: Pick<Target<string>, "split" | "join" | "read" | "write"> = {
  split: (text) => text.split(/(?<=\n)/),
  join: (parts) => parts.join(""),
  read: (file) => new TextDecoder().decode(file),
  write: (text) => new TextEncoder().encode(text),
};
