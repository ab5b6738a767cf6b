// Which configuration a running gateway has, and how it gets another: from its file, or from the
// API. One after the other, and all the same way: what is wrong, or what the machine has not,
// changes nothing. One that must be confirmed goes by itself when nobody does so.

import { wallClock } from "../base/clock.ts";
import type { ConfigIssue } from "../config/issue.ts";
import type { Config } from "../config/model.ts";
import { checkText, readText } from "./config-file.ts";
import type { Log } from "./data-path.ts";
import type { EventHub } from "./events.ts";
import type { Answer, Applied } from "./messages.ts";
import type { ReloadCounts } from "./metrics/reload-counts.ts";
import { saveFile } from "./save-file.ts";
import { tellApplied } from "./tell.ts";

export type Cause = "start" | "SIGHUP" | "file" | "API" | "not confirmed";

/** The configuration that the gateway has. */
export interface CurrentConfig {
  readonly text: string;
  readonly config: Config;
  /** Counts what was applied, from 1. */
  readonly generation: number;
  readonly appliedAt: Date;
  readonly cause: Cause;
}

export interface ApplyOptions {
  /** Goes back to the one of before unless `confirm` is called by then. */
  readonly confirmWithinMillis?: number | undefined;
  /** Whether to write it into the file: at once, or when it is confirmed. */
  readonly save: boolean;
}

export type ApplyOutcome =
  | {
      readonly kind: "applied";
      readonly generation: number;
      readonly applied: Applied;
      /** Warnings. */
      readonly issues: readonly ConfigIssue[];
      readonly confirmBy: Date | undefined;
      readonly saved: boolean;
    }
  /** It is wrong. */
  | { readonly kind: "invalid"; readonly issues: readonly ConfigIssue[] }
  /** The machine has not what it takes. */
  | { readonly kind: "refused"; readonly message: string }
  | { readonly kind: "stopping" };

export type ConfirmOutcome =
  | {
      readonly kind: "confirmed";
      readonly generation: number;
      readonly saved: boolean;
      /** What went wrong with the file. */
      readonly notices: readonly string[];
    }
  /** This one waits for it, and not the one that was meant. */
  | { readonly kind: "another"; readonly generation: number }
  | { readonly kind: "none" };

export interface ConfigurationsDependencies {
  readonly file: string;
  readonly log: Log;
  readonly events: EventHub;
  /** Has it swapped in. */
  readonly order: (config: Config) => Promise<Answer>;
  /** Told of what became of each. */
  readonly counts: Pick<ReloadCounts, "refused"> & { applied(applied: Applied): void };
  /** Whether the gateway stops. */
  readonly isOver: () => boolean;
}

/** How texts that came by the API are named where a place in them is told. */
const FROM_API = "API";
/** How often the one of before is tried while the machine has not what it takes. */
const RETRY_MILLIS = 10_000;

interface Pending {
  readonly before: CurrentConfig;
  readonly by: Date;
  readonly save: boolean;
  /** Whether its time is over, and the one of before could not come back yet. */
  readonly isLate: boolean;
  readonly timer: NodeJS.Timeout;
}

export class Configurations {
  readonly #with: ConfigurationsDependencies;
  #current: CurrentConfig;
  /** The text of the file that was looked at last, right or wrong; undefined when it could not be
   * read. */
  #seen: string | undefined;
  #pending: Pending | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(text: string, config: Config, dependencies: ConfigurationsDependencies) {
    this.#with = dependencies;
    this.#seen = text;
    this.#current = { text, config, generation: 1, appliedAt: new Date(), cause: "start" };
  }

  get current(): CurrentConfig {
    return this.#current;
  }

  /** Until when it must be confirmed. */
  get confirmBy(): Date | undefined {
    return this.#pending?.by;
  }

  /** Whether the file says the same; false when it cannot be read. */
  isInFile(): boolean {
    try {
      return readText(this.#with.file) === this.#current.text;
    } catch {
      return false;
    }
  }

  /** Reads the file again. By `cause` "file" only when it is another text than the last time. */
  reload(cause: "SIGHUP" | "file"): void {
    void this.#next(() => this.#reload(cause));
  }

  apply(text: string, options: ApplyOptions): Promise<ApplyOutcome> {
    return this.#next(() => this.#apply(text, options));
  }

  /** The one that waits for it stays, if it is of that generation; undefined: whichever it is. */
  confirm(generation?: number): Promise<ConfirmOutcome> {
    return this.#next(() => this.#confirm(generation));
  }

  close(): void {
    clearTimeout(this.#pending?.timer);
    this.#pending = undefined;
  }

  #next<T>(work: () => T | Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }

  async #reload(cause: "SIGHUP" | "file"): Promise<void> {
    const { file, isOver } = this.#with;
    if (isOver()) return;
    let text: string;
    try {
      text = readText(file);
    } catch (error) {
      // Said once, not for each thing that happens in the folder.
      if (cause === "file" && this.#seen === undefined) return;
      this.#seen = undefined;
      this.#keep((error as Error).message);
      return;
    }
    if (cause === "file" && text === this.#seen) return;
    this.#seen = text;
    const outcome = await this.#swapIn(text, file, cause);
    if (outcome.kind !== "applied") return;
    // The file is what somebody wants by all means.
    this.close();
  }

  async #apply(text: string, { confirmWithinMillis, save }: ApplyOptions): Promise<ApplyOutcome> {
    const before = this.#current;
    const outcome = await this.#swapIn(text, FROM_API, "API");
    if (outcome.kind !== "applied") return outcome;
    const back = this.#pending?.before ?? before;
    this.close();
    if (confirmWithinMillis !== undefined) {
      const confirmBy = new Date(this.#current.appliedAt.getTime() + confirmWithinMillis);
      const timer = setTimeout(() => this.#giveUp(), confirmWithinMillis);
      this.#pending = { before: back, by: confirmBy, save, isLate: false, timer };
      return { ...outcome, confirmBy };
    }
    if (!save) return outcome;
    const notices = this.#save();
    const { applied } = outcome;
    const all = [...applied.notices, ...notices];
    return { ...outcome, saved: notices.length === 0, applied: { ...applied, notices: all } };
  }

  #confirm(meant: number | undefined): ConfirmOutcome {
    if (this.#pending === undefined) return { kind: "none" };
    const { generation } = this.#current;
    if (meant !== undefined && meant !== generation) return { kind: "another", generation };
    const { save } = this.#pending;
    this.close();
    this.#with.log({ level: "info", message: "the configuration is confirmed" });
    this.#with.events.tell("confirmed", { generation });
    const notices = save ? this.#save() : [];
    return { kind: "confirmed", generation, saved: save && notices.length === 0, notices };
  }

  /** Nobody has confirmed it. */
  #giveUp(): void {
    const pending = this.#pending;
    void this.#next(async () => {
      // It may have been confirmed, or replaced, while others were at it.
      if (pending === undefined || this.#pending !== pending) return;
      this.close();
      const { text, config } = pending.before;
      if (!pending.isLate) {
        const message = "nobody has confirmed the configuration: the one of before comes back";
        this.#with.log({ level: "warn", message });
        this.#with.events.tell("unconfirmed", { generation: this.#current.generation });
      }
      const outcome = await this.#swapIn(text, config.file, "not confirmed");
      if (outcome.kind !== "refused" || this.#with.isOver()) return;
      const timer = setTimeout(() => this.#giveUp(), RETRY_MILLIS);
      this.#pending = {
        ...pending,
        by: new Date(wallClock.now() + RETRY_MILLIS),
        isLate: true,
        timer,
      };
    });
  }

  /** Empty, or what went wrong. */
  #save(): readonly string[] {
    const { file, log } = this.#with;
    const before = this.#seen;
    // What happens to the file is no news then.
    this.#seen = this.#current.text;
    try {
      saveFile(file, this.#current.text);
      return [];
    } catch (error) {
      this.#seen = before;
      const { message } = error as Error;
      log({ level: "error", message });
      return [message];
    }
  }

  async #swapIn(text: string, file: string, cause: Cause): Promise<ApplyOutcome> {
    const { log, events, order, isOver } = this.#with;
    if (isOver()) return { kind: "stopping" };
    const { config, issues } = checkText(text, file, log);
    if (config === undefined) {
      this.#keep(`${file === FROM_API ? "a configuration from the API" : file} is not right`);
      events.tell("refused", { cause, issues });
      return { kind: "invalid", issues };
    }
    const answer = await order(config);
    if (answer.kind !== "applied") {
      if (answer.kind !== "refused") return { kind: "stopping" };
      const { message, stack } = answer;
      this.#keep(message);
      log({ level: "debug", message: "where that was", details: { stack } });
      events.tell("refused", { cause, message });
      return { kind: "refused", message };
    }
    const applied = {
      ...answer.applied,
      notices: [...answer.applied.notices, ...this.#left(config)],
    };
    this.#with.counts.applied(applied);
    for (const line of tellApplied(applied, cause)) log(line);
    const generation = this.#current.generation + 1;
    this.#current = { text, config, generation, appliedAt: new Date(), cause };
    const { kept, notices } = applied;
    const ended = Object.fromEntries(applied.ended);
    events.tell("applied", { generation, cause, kept, ended, notices });
    return { kind: "applied", generation, applied, issues, confirmBy: undefined, saved: false };
  }

  /** What of it counts at the next start only, in sentences. */
  #left({ api }: Config): readonly string[] {
    if (JSON.stringify(api, plain) === JSON.stringify(this.#current.config.api, plain)) return [];
    return ["isthmus.api is another now: until a restart the API stays where it is."];
  }

  #keep(why: string): void {
    this.#with.counts.refused();
    this.#with.log({ level: "error", message: `${why}; the gateway goes on as it was` });
  }
}

function plain(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
