// Programs that run inside a namespace: started, watched, ended.

import { type ChildProcess, spawn } from "node:child_process";

/** How long the output of one that has ended is waited for. */
const GRACE_MILLIS = 200;

/** How a program ended, and what it said. */
export interface Ran {
  /** Undefined when a signal ended it, or when it had to be ended after its time. */
  readonly status: number | undefined;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  /** For its standard input, which is closed then. */
  readonly input?: string;
  /** It is killed after that; 10 seconds if not given. */
  readonly timeoutMillis?: number;
}

/** One that goes on until it is ended. Its standard input stays open as long as we run. */
export class Program {
  readonly words: readonly string[];
  readonly #child: ChildProcess;
  readonly #exited: Promise<Ran>;
  #out = "";
  #err = "";
  #failed = "";
  #news: (() => void) | undefined;

  /** `command` is what is started, `words` what it is called in messages. */
  constructor(command: readonly string[], words: readonly string[]) {
    this.words = words;
    const [program = "", ...rest] = command;
    const child = spawn(program, rest, { stdio: ["pipe", "pipe", "pipe"] });
    this.#child = child;
    child.stdout.setEncoding("utf8").on("data", (text: string) => this.#hear(text, ""));
    child.stderr.setEncoding("utf8").on("data", (text: string) => this.#hear("", text));
    // It may end without reading what it was sent.
    child.stdin.on("error", () => {});
    child.on("error", (error) => {
      this.#failed = error.message;
      this.#news?.();
    });
    child.on("exit", () => setTimeout(letGo, GRACE_MILLIS, child).unref());
    this.#exited = new Promise((resolve) => {
      child.on("close", (code) => {
        this.#news?.();
        resolve({ status: code ?? undefined, out: this.#out, err: this.#err });
      });
    });
  }

  /** Undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  get running(): boolean {
    const { pid, exitCode, signalCode } = this.#child;
    return pid !== undefined && exitCode === null && signalCode === null;
  }

  /** What it has printed so far. */
  get out(): string {
    return this.#out;
  }

  /** What it has complained so far. */
  get err(): string {
    return this.#err;
  }

  /** When it has ended, by itself or not. */
  exited(): Promise<Ran> {
    return this.#exited;
  }

  /** Waits until it has printed something that matches, on either output. Throws an Error with all
   * that it said when it ends before, or when the time is over. */
  async says(pattern: RegExp, timeoutMillis = 10_000): Promise<RegExpMatchArray> {
    const limit = AbortSignal.timeout(timeoutMillis);
    for (;;) {
      const match = this.#out.match(pattern) ?? this.#err.match(pattern);
      if (match !== null) return match;
      if (!this.running || limit.aborted) {
        const why = this.#failed || (this.running ? "said nothing like it in time" : "has ended");
        throw new Error(`${this.words.join(" ")}: ${why}, ${pattern}\n${this.#out}${this.#err}`);
      }
      await new Promise<void>((resolve) => {
        this.#news = resolve;
        limit.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  }

  /** Sends it a signal; nothing if it has ended. */
  signal(name: NodeJS.Signals): void {
    if (this.running) this.#child.kill(name);
  }

  /** Writes to its standard input. */
  tell(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Closes its standard input. */
  hush(): void {
    this.#child.stdin?.end();
  }

  /** SIGTERM, and after `patienceMillis` SIGKILL. */
  async stop(patienceMillis = 2000): Promise<Ran> {
    this.signal("SIGTERM");
    const timer = setTimeout(() => this.signal("SIGKILL"), patienceMillis);
    const ran = await this.#exited;
    clearTimeout(timer);
    return ran;
  }

  #hear(out: string, err: string): void {
    this.#out += out;
    this.#err += err;
    this.#news?.();
  }
}

/** What it started may go on, and hold its output open. */
function letGo(child: ChildProcess): void {
  child.stdout?.destroy();
  child.stderr?.destroy();
}
