// What carries packets, as the threads around it see it: it takes turns, and between two of them it
// is told what changes. One thread's own.

import type { Config } from "../config/model.ts";
import type { DriverCounters } from "../drivers/driver.ts";
import type { System } from "../drivers/linux/sys.ts";
import type { ApplyReport, Counts, Gateway } from "../gateway/gateway.ts";
import type { FlowEvents } from "../tables/flow-events.ts";
import type { Tap } from "./capture/tap.ts";
import type { HistogramCounts } from "./histogram.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

export interface LogLine {
  readonly level: LogLevel;
  /** One sentence, without the time. */
  readonly message: string;
  /** Plain data that programs want to find: names in camelCase, units last. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

export type Log = (line: LogLine) => void;

/** Of everything since it was opened. Plain data: it is handed from thread to thread. */
export interface DataPathCounts {
  readonly gateway: Counts;
  /** By interface name. */
  readonly interfaces: ReadonlyMap<string, DriverCounters>;
  /** Packets that came together. */
  readonly batches: HistogramCounts;
}

/** An interface of the gateway as it is now. Plain data. */
export interface InterfaceView {
  readonly name: string;
  /** The VPC on it; null for the underlay. */
  readonly vpc: string | null;
  readonly driver: string;
  /** "up": packets pass. "down": it is there, and switched off or not connected. "closed": it
   * cannot be driven; the log says why. */
  readonly state: "up" | "down" | "closed";
  /** null while the kernel does not say. */
  readonly mac: string | null;
  readonly mtuBytes: number | null;
  /** Of frames, since the start. */
  readonly counters: DriverCounters;
}

export interface DataPath {
  /** Whose packets it carries: to be asked between two turns. */
  readonly gateway: Gateway;
  /** What can be waited for: poll(2) descriptors of all drivers and of rtnetlink. Another array
   * when they are others. */
  readonly fds: readonly number[];
  /** Where packets are captured. */
  readonly tap: Tap;
  /** What is to be logged of flows. */
  readonly flowEvents: FlowEvents;
  /** One turn: receives, runs, transmits, does what is due at `now` (whole milliseconds,
   * monotonic). `slept`: it follows a sleep, which any of `fds` may have ended. True when packets
   * came. */
  turn(now: number, slept: boolean): boolean;
  /** Milliseconds until something is due though nothing comes; Infinity when nothing is. */
  due(now: number): number;
  /** Swaps in a configuration between two turns. Throws an Error with a sentence, which names the
   * line of the configuration, and changes nothing when it cannot be: an interface is missing. */
  apply(config: Config): ApplyReport;
  /** Those that the configuration names, in its order. */
  interfaces(): readonly InterfaceView[];
  /** After `close` the last ones. */
  counts(): DataPathCounts;
  /** Sends what is held, gives everything back. */
  close(): void;
}

/** Opens every port that `config` names. Throws an Error with a sentence like `apply`, and then
 * nothing is left open. Runs synthetic traffic before the ports are open, so that the first packets
 * do not meet code that nobody has compiled. */
export type OpenDataPath = (config: Config, log: Log, system: System) => DataPath;
