// What the kernel and Node say of this process.

import { readdirSync } from "node:fs";

export interface ProcessFacts {
  /** Of all threads, since the start. */
  readonly userSeconds: number;
  readonly systemSeconds: number;
  readonly residentBytes: number;
  /** Of the main thread alone. */
  readonly heapBytes: number;
  /** Undefined where the kernel does not tell. */
  readonly openFiles: number | undefined;
  /** Seconds since 1970. */
  readonly startSeconds: number;
}

const MICROS = 1e6;

/** Found once: by another millisecond each time, it would look as if it had been started anew. */
let startSeconds: number | undefined;

/** `now` in milliseconds since 1970. */
export function readProcess(now: number): ProcessFacts {
  const { user, system } = process.cpuUsage();
  startSeconds ??= now / 1000 - process.uptime();
  return {
    userSeconds: user / MICROS,
    systemSeconds: system / MICROS,
    residentBytes: process.memoryUsage.rss(),
    heapBytes: process.memoryUsage().heapUsed,
    openFiles: countOpenFiles(),
    startSeconds,
  };
}

function countOpenFiles(): number | undefined {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return undefined;
  }
}
