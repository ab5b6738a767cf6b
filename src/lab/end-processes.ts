// Ends processes by their ids, and waits until they are gone: without the event loop, since it is
// also done when this process itself is told to end.

import { readFileSync } from "node:fs";

const STEP_MILLIS = 5;

/** SIGTERM to all of them, SIGKILL to who is there `patienceMillis` later. */
export function endProcesses(pids: readonly number[], patienceMillis: number): void {
  for (const pid of pids) send(pid, "SIGTERM");
  if (waitFor(pids, patienceMillis)) return;
  for (const pid of pids.filter(isRunning)) send(pid, "SIGKILL");
  waitFor(pids, 1000);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

function waitFor(pids: readonly number[], millis: number): boolean {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  for (let waited = 0; ; waited += STEP_MILLIS) {
    if (!pids.some(isRunning)) return true;
    if (waited >= millis) return false;
    Atomics.wait(cell, 0, 0, STEP_MILLIS);
  }
}

/** One that has ended and that nobody has asked about yet (a zombie) does not run; proc(5). */
function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name, in parentheses, may have any character.
    return stat[stat.lastIndexOf(")") + 2] !== "Z";
  } catch {
    return false;
  }
}
