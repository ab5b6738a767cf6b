// One network namespace of a laboratory: a host, a router, a segment.

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import type { System } from "../drivers/linux/sys.ts";
import { Capture } from "./capture.ts";
import { setChecksumOffload } from "./checksum-offload.ts";
import { inside } from "./inside.ts";
import { bridgeIn, ipIn } from "./iproute.ts";
import { Program, type Ran, type RunOptions } from "./programs.ts";

const TIMEOUT_MILLIS = 10_000;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

export class Namespace {
  /** As `ip netns` knows it. */
  readonly name: string;
  /** What it is for, e.g. "blue1". */
  readonly role: string;
  readonly #system: System;
  readonly #programs = new Set<Program>();
  readonly #captures = new Set<Capture>();

  constructor(system: System, name: string, role: string) {
    this.#system = system;
    this.name = name;
    this.role = role;
  }

  /** Lines for `ip -batch` here. Throws an Error with what `ip` said. */
  ip(...lines: readonly string[]): void {
    ipIn(this.name, ...lines);
  }

  /** Lines for `bridge -batch` here; likewise. */
  bridge(...lines: readonly string[]): void {
    bridgeIn(this.name, ...lines);
  }

  /** Runs `work`, which must not be asynchronous, with the calling thread here. */
  inside<T>(work: () => T): T {
    return inside(this.#system, this.name, work);
  }

  /** Sets parameters of sysctl(8), e.g. `{ "net.ipv4.ip_forward": 1 }`. */
  sysctl(values: Readonly<Record<string, string | number>>): void {
    this.inside(() => {
      for (const [name, value] of Object.entries(values)) {
        writeFileSync(`/proc/sys/${name.replaceAll(".", "/")}`, `${value}`);
      }
    });
  }

  /** Whether an interface here leaves checksums to a network card (checksum-offload.ts). */
  setChecksumOffload(iface: string, on: boolean): void {
    this.inside(() => setChecksumOffload(this.#system, iface, on));
  }

  /** Its programs get no IPv6 router, no duplicate address detection, and wait for neither. */
  prepare(): void {
    const quiet = { accept_dad: 0, dad_transmits: 0, accept_ra: 0, router_solicitations: 0 };
    for (const [key, value] of Object.entries(quiet)) {
      const conf = "net.ipv6.conf";
      this.sysctl({ [`${conf}.all.${key}`]: value, [`${conf}.default.${key}`]: value });
    }
  }

  /** Runs a program here and waits for its end with this thread. Does not throw when it fails. */
  runSync(words: readonly string[], options: RunOptions = {}): Ran {
    const [program = "", ...rest] = this.#command(words);
    const { status, stdout, stderr, error } = spawnSync(program, rest, {
      input: options.input ?? "",
      encoding: "utf8",
      timeout: options.timeoutMillis ?? TIMEOUT_MILLIS,
      killSignal: "SIGKILL",
      maxBuffer: OUTPUT_BYTES_MAX,
    });
    const complaint = status === null && error ? error.message : "";
    return { status: status ?? undefined, out: stdout ?? "", err: `${stderr ?? ""}${complaint}` };
  }

  /** The same, while other things go on. */
  async run(words: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const program = this.start(words);
    if (options.input !== undefined) program.tell(options.input);
    program.hush();
    const timeout = options.timeoutMillis ?? TIMEOUT_MILLIS;
    const timer = setTimeout(() => program.signal("SIGKILL"), timeout);
    const ran = await program.exited();
    clearTimeout(timer);
    return ran;
  }

  /** What a program prints. Throws an Error with all that it said when it fails. */
  async ask(words: readonly string[], options: RunOptions = {}): Promise<string> {
    const { status, out, err } = await this.run(words, options);
    if (status === 0) return out;
    const end = status === undefined ? "was ended" : `failed with ${status}`;
    throw new Error(`${this.role}: ${words.join(" ")} ${end}\n${out}${err}`);
  }

  /** Starts a program here that runs until it is stopped, or until the laboratory is closed. */
  start(words: readonly string[]): Program {
    const program = new Program(this.#command(words), words);
    this.#programs.add(program);
    void program.exited().then(() => this.#programs.delete(program));
    return program;
  }

  /** Keeps frames that pass an interface from now on, until it is stopped. */
  capture(iface: string, options: { readonly inbound?: boolean } = {}): Capture {
    const capture = this.inside(() => new Capture(this.#system, iface, options.inbound ?? false));
    this.#captures.add(capture);
    return capture;
  }

  closeCaptures(): void {
    for (const capture of this.#captures) capture.close();
  }

  runningPids(): number[] {
    return [...this.#programs].flatMap(({ running, pid }) => (running && pid ? [pid] : []));
  }

  /** `ip netns exec` becomes the program, so its process is ours to end. */
  #command(words: readonly string[]): string[] {
    return ["ip", "netns", "exec", this.name, ...words];
  }
}
