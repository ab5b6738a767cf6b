// What a command may touch of the outside, so that tests can run it with nothing but memory.

export interface CliIo {
  /** Writes to standard output, as is. */
  out(text: string): void;
  /** Writes to standard error, as is. */
  err(text: string): void;
  /** The whole text of a file; throws an Error with a sentence when it cannot be read. */
  readFile(path: string): string;
  /** Sets the exit code of the process; the highest one set wins. */
  exit(code: number): void;
  /** Whether standard output is a terminal that shows colours. */
  readonly colour: boolean;
}
