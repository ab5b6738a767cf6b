// Lines of the log: JSON for programs, text for people. Text is made of the same lines, so both say
// the same.

import { pino } from "pino";
import type { Log, LogLevel } from "./data-path.ts";

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const satisfies LogLevel[];
export const LOG_FORMATS = ["text", "json"] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export interface LogOptions {
  readonly format: LogFormat;
  /** Lines below it are left out. */
  readonly level: LogLevel;
  /** Takes whole lines, ends of line included. */
  readonly write: (text: string) => void;
}

export function openLog({ format, level, write }: LogOptions): Log {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const destination = { write: format === "json" ? write : (line: string) => write(asText(line)) };
  const logger = pino(options, destination);
  return ({ level: at, message, details = {} }) => logger[at](details, message);
}

/** "2026-11-25T15:30:38.123Z info  message key=value"; a stack is on lines of its own. */
function asText(line: string): string {
  const { time, level, msg, stack, ...details } = JSON.parse(line);
  const pairs = Object.entries(details).map(([key, value]) => ` ${key}=${valueAsText(value)}`);
  const below = typeof stack === "string" && stack !== "" ? `\n${stack}` : "";
  return `${time} ${level.padEnd(5)} ${msg}${pairs.join("")}${below}\n`;
}

function valueAsText(value: unknown): string {
  return typeof value === "string" && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}
