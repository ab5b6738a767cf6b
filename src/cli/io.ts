// What a command may touch of the outside, so that tests can run it with nothing but memory.

export interface CliIo {
  /** Writes to standard output, as is. */
  out(text: string): void;
  /** Whether whoever read standard output has closed the pipe: a command that would go on ends. */
  readonly unread: boolean;
  /** Writes to standard error, as is. */
  err(text: string): void;
  /** The whole text of a file; throws an Error with a sentence when it cannot be read. */
  readFile(path: string): string;
  /** Opens a file to be read in pieces, "-" for standard input; throws likewise. */
  openInput(path: string): Input;
  /** Makes a file, or empties it, "-" for standard output; throws likewise. */
  openOutput(path: string): Output;
  /** Whether two names are of the same file. */
  sameFile(a: string, b: string): boolean;
  /** Sets the exit code of the process; the highest one set wins. */
  exit(code: number): void;
  /** Goes on when the command has returned; when `work` ends the process does, with the exit code
   * that it gives, whatever else would hold it. */
  stay(work: Promise<number>): void;
  /** Whether standard output is a terminal that shows colours. */
  readonly colour: boolean;
  /** Columns of the terminal that standard output is; undefined when it is none. */
  readonly columns: number | undefined;
  /** Whether somebody watches standard error. */
  readonly watched: boolean;
  /** Milliseconds, for progress only. */
  now(): number;
  sleep(millis: number): Promise<void>;
  /** Calls `act` when somebody presses Ctrl-C or the process is told to end, instead of ending;
   * only the first time. */
  onInterrupt(act: () => void): void;
  /** An environment variable; undefined when it is not set. */
  variable(name: string): string | undefined;
}

export interface Input {
  /** Bytes in all, when that is known. */
  readonly size: number | undefined;
  /** Fills the front of `buffer`; the number of bytes, 0 at the end. */
  read(buffer: Uint8Array): number;
  close(): void;
}

export interface Output {
  write(bytes: Uint8Array): void;
  /** What was written is there for others. */
  flush(): void;
  close(): void;
}
