// The NAT log of a live gateway, in the main thread: hands what comes from the data path to every
// place that the configuration names, and says once a minute what was lost.

import type { Config, NatLog as NatLogConfig, NatLogTarget } from "../../config/model.ts";
import { ENDPOINTS, FLOWS } from "../../tables/flow-events.ts";
import { TICK_MILLIS } from "../../tables/flow-timers.ts";
import type { Log } from "../data-path.ts";
import { Account, type PlaceReport } from "./account.ts";
import type { LogMark } from "./json-lines.ts";
import { type EventBlock, type NatRecord, readRecord, wantedRecords } from "./record.ts";
import type { Sink } from "./sinks.ts";

const REPORT_MILLIS = 60_000;

export interface NatLogTools {
  readonly log: Log;
  /** Since 1970, in milliseconds. */
  readonly now: () => number;
  readonly open: (target: NatLogTarget) => Sink;
}

export class NatLog {
  readonly #tools: NatLogTools;
  /** By what the configuration says of each. */
  #sinks = new Map<string, Sink>();
  #names = new Map<number, string>();
  #config: NatLogConfig | undefined;
  /** Of all places there ever were, by kind and place. */
  readonly #accounts = new Map<string, Account>();
  /** Of the data path; and how much of it has been said. */
  #lost = 0;
  #told = 0;
  #reportAt: number;
  #begun = false;

  constructor(tools: NatLogTools) {
    this.#tools = tools;
    this.#reportAt = tools.now() + REPORT_MILLIS;
  }

  /** Behind a configuration that has been applied: places that it does not name any more are
   * closed, others opened. */
  follow({ natLog, vpcs }: Pick<Config, "natLog" | "vpcs">): void {
    this.#names = new Map(vpcs.map(({ vni, name }) => [vni, name]));
    const before = this.#sinks;
    const same = this.#config?.what === natLog?.what;
    const after = new Map<string, Sink>();
    for (const target of natLog?.to ?? []) {
      const key = JSON.stringify(target);
      const known = before.get(key);
      after.set(key, known ?? this.#open(target));
      if (known && !same) this.#mark(known, { event: "log-end", stop: false });
      if (known && same) continue;
      const start = !this.#begun;
      this.#mark(after.get(key)!, { event: "log-begin", start, what: natLog!.what });
    }
    const gone = [...before].filter(([key]) => !after.has(key)).map(([, sink]) => sink);
    this.#report();
    for (const sink of gone) {
      // Whatever comes back under its name may have trouble of its own.
      this.#accountOf(sink).complained = false;
      void this.#end(sink, false);
    }
    this.#sinks = after;
    this.#config = natLog;
    this.#begun = true;
  }

  take(block: EventBlock): void {
    const missing = block.lost - this.#lost;
    this.#lost = block.lost;
    if (this.#config === undefined) {
      // They were for others, who count themselves what they miss.
      this.#told = block.lost;
      return;
    }
    const records = recordsFor(this.#config, block);
    const now = this.#tools.now();
    for (const sink of this.#sinks.values()) {
      const account = this.#accountOf(sink);
      account.records += records.length;
      account.overrun += missing;
      if (missing > 0) this.#mark(sink, { event: "log-lost", records: missing });
      sink.write(records, (vni) => this.#names.get(vni), now);
    }
  }

  /** Now and then, also when nothing comes. */
  tick(): void {
    const now = this.#tools.now();
    for (const sink of this.#sinks.values()) {
      sink.write([], () => undefined, now);
      this.#complain(sink);
    }
    if (now < this.#reportAt) return;
    this.#reportAt = now + REPORT_MILLIS;
    this.#report();
  }

  /** Files that were renamed are left, and others made under their names. */
  reopen(): void {
    for (const sink of this.#sinks.values()) sink.reopen();
  }

  /** What became of the records for each place, also of those that are closed by now. */
  read(): readonly PlaceReport[] {
    const open = new Set([...this.#sinks.values()].map((sink) => this.#accountOf(sink)));
    return [...this.#accounts.values()].map((each) => each.read(open.has(each)));
  }

  /** The gateway has stopped: resolves when all is written that can be. */
  async close(): Promise<void> {
    const sinks = [...this.#sinks.values()];
    this.#sinks.clear();
    await Promise.all(sinks.map((sink) => this.#end(sink, true)));
    this.#report();
  }

  #open(target: NatLogTarget): Sink {
    const sink = this.#tools.open(target);
    this.#accountOf(sink).opened(sink);
    return sink;
  }

  #accountOf(sink: Sink): Account {
    const key = `${sink.kind} ${sink.place}`;
    let account = this.#accounts.get(key);
    if (account === undefined) {
      account = new Account(sink);
      this.#accounts.set(key, account);
    }
    return account;
  }

  /** The first time, at once. */
  #complain(sink: Sink): void {
    const { kind, place, trouble } = sink;
    const account = this.#accountOf(sink);
    if (trouble === undefined || account.complained) return;
    account.complained = true;
    const message = `the NAT log to ${place} does not go well: ${trouble}`;
    this.#tools.log({ level: "warn", message, details: { kind, place } });
  }

  async #end(sink: Sink, stop: boolean): Promise<void> {
    this.#mark(sink, { event: "log-end", stop });
    await sink.close();
    this.#accountOf(sink).closed(sink);
  }

  #mark(sink: Sink, mark: LogMark): void {
    sink.mark(mark, this.#tools.now());
  }

  #report(): void {
    this.#tell("", this.#told, "the main thread did not keep up", { lost: this.#lost });
    this.#told = this.#lost;
    for (const account of this.#accounts.values()) {
      const { kind, place, lost, told, trouble } = account;
      this.#tell(` to ${place}`, told, trouble, { kind, place, lost });
      account.told = lost;
    }
  }

  #tell(where: string, told: number, why: string | undefined, known: Known): void {
    const records = known.lost - told;
    if (records <= 0) return;
    const message = `${records} records of the NAT log${where} were lost: ${why}`;
    this.#tools.log({ level: "warn", message, details: { records, ...known } });
  }
}

/** What the gateway's own log says of a loss. */
interface Known {
  readonly kind?: Sink["kind"];
  readonly place?: string;
  readonly lost: number;
}

/** What was asked for, and not what others want. */
function recordsFor({ what, destinations }: NatLogConfig, block: EventBlock): NatRecord[] {
  const places = wantedRecords(block, what === "flows" ? FLOWS : ENDPOINTS);
  const records = places.map((at) => readRecord(block, at, TICK_MILLIS));
  if (destinations) return records;
  return records.map((each) => ({ ...each, destination: undefined, newDestination: undefined }));
}
