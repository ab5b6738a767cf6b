// A running process and what it has said so far.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const PROCESS = fileURLToPath(new URL("run-process.ts", import.meta.url));
/** Longer than anything takes on a machine that has much to do. */
const PATIENCE_MILLIS = 30_000;

export interface Line {
  readonly level: string;
  readonly msg: string;
  readonly [key: string]: unknown;
}

/** The configuration with so many VPCs. */
export function vpcs(...names: readonly string[]): string {
  return `vpcs: { ${names.map((name, index) => `${name}: { vni: ${index + 1} }`).join(", ")} }\n`;
}

export class Running {
  readonly folder = mkdtempSync(path.join(tmpdir(), "isthmus run "));
  readonly file = path.join(this.folder, "gateway.yaml");
  readonly apiSocket = path.join(this.folder, "api.sock");
  readonly child: ChildProcess;
  readonly lines: Line[] = [];
  readonly exited: Promise<number | null>;
  #text = "";
  #heard: () => void = () => {};

  /** With the configuration `text`; `prepare` may put it elsewhere. */
  constructor(mishap: string, text: string | ((running: Running) => void), ...words: string[]) {
    if (typeof text === "string") this.write(text);
    else text(this);
    const api = ["--api-socket", this.apiSocket];
    const all = [PROCESS, mishap, this.file, "--log-format", "json", ...api, ...words];
    this.child = spawn(process.execPath, all, { stdio: ["ignore", "inherit", "pipe"] });
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => this.#take(text));
    this.exited = new Promise((resolve) => this.child.on("close", (code) => resolve(code)));
  }

  write(text: string, file = this.file): void {
    writeFileSync(file, text);
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  get text(): string {
    return this.lines.map(({ level, msg }) => `${level} ${msg}\n`).join("");
  }

  /** The first line behind those that were waited for which says so. */
  async says(pattern: RegExp): Promise<Line> {
    const until = AbortSignal.timeout(PATIENCE_MILLIS);
    for (let at = this.#waitedFor; ; at++) {
      while (at >= this.lines.length) {
        if (until.aborted || this.child.exitCode !== null) {
          throw new Error(`nothing said ${pattern}:\n${this.text}${this.#text}`);
        }
        await this.#more(until);
      }
      const line = this.lines[at]!;
      if (!pattern.test(line.msg)) continue;
      this.#waitedFor = at + 1;
      return line;
    }
  }
  #waitedFor = 0;

  /** Ends it, whatever it does, and takes its folder away. */
  async remove(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.exited;
    rmSync(this.folder, { recursive: true, force: true });
  }

  #more(until: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#heard = resolve;
      until.addEventListener("abort", () => resolve(), { once: true });
      this.child.once("close", () => resolve());
    });
  }

  #take(text: string): void {
    const parts = (this.#text + text).split("\n");
    this.#text = parts.pop() ?? "";
    for (const part of parts) this.lines.push(lineOf(part));
    this.#heard();
  }
}

/** What is no line of the log is shown when a test fails. */
function lineOf(text: string): Line {
  try {
    return JSON.parse(text);
  } catch {
    return { level: "?", msg: text };
  }
}
