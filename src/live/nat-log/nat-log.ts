// The NAT log of a live gateway, in the main thread: hands what comes from the data path to every
// place that the configuration names, and says once a minute what was lost.

import type { Config, NatLog as NatLogConfig, NatLogTarget } from "../../config/model.ts";
import { ENDPOINTS, FLOWS } from "../../tables/flow-events.ts";
import { TICK_MILLIS } from "../../tables/flow-timers.ts";
import type { Log } from "../data-path.ts";
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
  /** Of the data path. */
  #lost = 0;
  /** What has been said, by place; of the data path under "". */
  readonly #told = new Map<string, number>();
  /** Places whose first trouble has been told. */
  readonly #complained = new Set<string>();
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
      after.set(key, known ?? this.#tools.open(target));
      if (known && !same) this.#mark(known, { event: "log-end", stop: false });
      if (known && same) continue;
      const start = !this.#begun;
      this.#mark(after.get(key)!, { event: "log-begin", start, what: natLog!.what });
    }
    const gone = [...before].filter(([key]) => !after.has(key)).map(([, sink]) => sink);
    this.#forget(gone);
    for (const sink of gone) void this.#end(sink, false);
    this.#sinks = after;
    this.#config = natLog;
    this.#begun = true;
  }

  take(block: EventBlock): void {
    const missing = block.lost - this.#lost;
    this.#lost = block.lost;
    if (this.#config === undefined) {
      // They were for others, who count themselves what they miss.
      this.#told.set("", block.lost);
      return;
    }
    const records = recordsFor(this.#config, block);
    const now = this.#tools.now();
    for (const sink of this.#sinks.values()) {
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

  /** The gateway has stopped: resolves when all is written that can be. */
  async close(): Promise<void> {
    const sinks = [...this.#sinks.values()];
    this.#sinks.clear();
    await Promise.all(sinks.map((sink) => this.#end(sink, true)));
    this.#report(sinks);
  }

  /** The first time, at once. */
  #complain({ place, trouble }: Sink): void {
    if (trouble === undefined || this.#complained.has(place)) return;
    this.#complained.add(place);
    const message = `the NAT log to ${place} does not go well: ${trouble}`;
    this.#tools.log({ level: "warn", message, details: { place } });
  }

  /** Under the same name another may come, which has lost nothing. */
  #forget(sinks: readonly Sink[]): void {
    this.#report(sinks);
    for (const { place } of sinks) {
      this.#told.delete(place);
      this.#complained.delete(place);
    }
  }

  async #end(sink: Sink, stop: boolean): Promise<void> {
    this.#mark(sink, { event: "log-end", stop });
    await sink.close();
  }

  #mark(sink: Sink, mark: LogMark): void {
    sink.mark(mark, this.#tools.now());
  }

  #report(sinks: Iterable<Sink> = this.#sinks.values()): void {
    this.#tell("", this.#lost, "the main thread did not keep up");
    for (const { place, lost, trouble } of sinks) this.#tell(place, lost, trouble);
  }

  #tell(place: string, lost: number, why: string | undefined): void {
    const records = lost - (this.#told.get(place) ?? 0);
    this.#told.set(place, lost);
    if (records <= 0) return;
    const where = place === "" ? "" : ` to ${place}`;
    const message = `${records} records of the NAT log${where} were lost: ${why}`;
    this.#tools.log({ level: "warn", message, details: { records, place, lost } });
  }
}

/** What was asked for, and not what others want. */
function recordsFor({ what, destinations }: NatLogConfig, block: EventBlock): NatRecord[] {
  const places = wantedRecords(block, what === "flows" ? FLOWS : ENDPOINTS);
  const records = places.map((at) => readRecord(block, at, TICK_MILLIS));
  if (destinations) return records;
  return records.map((each) => ({ ...each, destination: undefined, newDestination: undefined }));
}
