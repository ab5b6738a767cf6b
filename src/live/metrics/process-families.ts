// How the program fares: its loop, and the process around it.

import { counter, type Family, gauge, one } from "./family.ts";

const MICROSECOND = 1e-6;

export const PROCESS_FAMILIES: readonly Family[] = [
  counter(
    "isthmus_turns_total",
    [],
    "Turns of the data path's loop; told once a second.",
    one(({ loop }) => loop.turns),
  ),
  counter(
    "isthmus_busy_turns_total",
    [],
    "Turns in which packets came.",
    one(({ loop }) => loop.busy),
  ),
  counter(
    "isthmus_sleeps_total",
    [],
    "How often the data path slept, as nothing came.",
    one(({ loop }) => loop.sleeps),
  ),
  {
    type: "histogram",
    name: "isthmus_busy_turn_seconds",
    labels: [],
    meaning: "How long turns with packets took, from receiving to sending and what else was done.",
    unit: MICROSECOND,
    read: ({ loop }) => loop.busyMicros,
  },
  gauge(
    "isthmus_longest_turn_seconds",
    [],
    "The longest turn of the last minute.",
    one(({ loop }) => loop.longestMillis / 1000),
  ),
  {
    type: "histogram",
    name: "isthmus_batch_packets",
    labels: [],
    meaning: "Packets that were taken in one turn, of turns with packets.",
    unit: 1,
    read: ({ counts }) => counts.batches,
  },
  gauge("isthmus_info", ["version"], "Always 1; which version runs.", ({ version }) => [
    { labels: { version }, value: 1 },
  ]),
  counter(
    "process_cpu_user_seconds_total",
    [],
    "Processor time in the program itself, all threads.",
    one(({ process }) => process.userSeconds),
  ),
  counter(
    "process_cpu_system_seconds_total",
    [],
    "Processor time in the kernel for it.",
    one(({ process }) => process.systemSeconds),
  ),
  counter(
    "process_cpu_seconds_total",
    [],
    "Both together.",
    one(({ process }) => process.userSeconds + process.systemSeconds),
  ),
  gauge(
    "process_resident_memory_bytes",
    [],
    "Memory that it has.",
    one(({ process }) => process.residentBytes),
  ),
  gauge(
    "nodejs_heap_size_used_bytes",
    [],
    "JavaScript objects of the main thread; packets and flows are not among them.",
    one(({ process }) => process.heapBytes),
  ),
  gauge("process_open_fds", [], "Open file descriptors.", ({ process }) =>
    process.openFiles === undefined ? [] : [{ labels: {}, value: process.openFiles }],
  ),
  gauge(
    "process_start_time_seconds",
    [],
    "When it was started, in seconds since 1970.",
    one(({ process }) => process.startSeconds),
  ),
];
