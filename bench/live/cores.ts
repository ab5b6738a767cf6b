// Who works where: the sender on core 0, the gateway on core 1 and nowhere else.
//
// A cable of the kernel (veth) has no interrupts: what one end sends, the other receives on the
// core of who sent it, all the way through the gateway. Two ways lead to the other core:
//
// - gateway: receiving is the work of a kernel thread of the interface's own (threaded NAPI), which
//   can be pinned. As with a network card whose interrupts go to the gateway's core, the whole way
//   of a packet is paid there.
// - sender: packets are received on the sender's core, up to where the gateway takes over: its
//   ring, or the kernel's IP layer, which RPS starts on the other core.

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import type { Topology } from "./topology.ts";

export const SENDER_CORE = 0;
export const GATEWAY_CORE = 1;

/** The core on which the gateway's interface receives. */
export type Receiving = "gateway" | "sender";

/** Ahead of whatever else runs on the machine. What receives stands back behind the gateway's
 * process, as receiving what there is no time for would be work for nothing. (By much: where the
 * scheduler groups processes, a thread of the kernel counts as much as a whole group.) */
const NICE = -15;
const NICE_RECEIVING = 5;

/** Words for `ip`: the command in a namespace and on a core. Its process has the number that
 * `spawn` tells. */
export function pinned(namespace: string, core: number, words: readonly string[]): string[] {
  return anywhere(namespace, ["taskset", "-c", `${core}`, "nice", "-n", `${NICE}`, ...words]);
}

/** The same, on the core that the scheduler gives it. */
export function anywhere(namespace: string, words: readonly string[]): string[] {
  return ["netns", "exec", namespace, ...words];
}

/** Receiving becomes the work of threads, to be pinned once the contender has started. */
export function receiveByThreads(topology: Topology): void {
  writeSetting(topology, "threaded", "1");
}

/** What the kernel does after receiving, it does on the gateway's core. */
export function steerPackets(topology: Topology): void {
  writeSetting(topology, "queues/rx-0/rps_cpus", `${1 << GATEWAY_CORE}`);
}

/** Each namespace has a /sys of its own. */
function writeSetting({ gateway }: Topology, setting: string, value: string): void {
  const line = `echo ${value} > /sys/class/net/blue0/${setting}`;
  run("ip", "netns", "exec", gateway, "sh", "-c", line);
}

/** Pins the kernel's receiving threads, if any; their numbers. */
export function pinReceiving(): number[] {
  const threads = threadsNamed((name) => name.startsWith("napi/blue0"));
  for (const thread of threads) {
    run("taskset", "-p", "-c", `${GATEWAY_CORE}`, `${thread}`);
    run("renice", "-n", `${NICE_RECEIVING}`, "-p", `${thread}`);
  }
  return threads;
}

/** Where the kernel does what is left over when packets keep coming. */
export function softirqThreads(): number[] {
  return threadsNamed((name) => name === `ksoftirqd/${GATEWAY_CORE}`);
}

function threadsNamed(fits: (name: string) => boolean): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .filter((entry) => fits(readOr(`/proc/${entry}/comm`).trim()))
    .map(Number);
}

/** Empty when there is none any more. */
function readOr(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** Nanoseconds on a core so far, of all threads of the process. */
export function cpuNanos(pid: number): number {
  let sum = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    sum += Number(readOr(`/proc/${pid}/task/${thread}/schedstat`).split(" ")[0]);
  }
  return sum;
}

/** Of the process, in hundredths of a second: its own code, and the system calls. */
export function userAndSystem(pid: number): [user: number, system: number] {
  const [, rest = ""] = readOr(`/proc/${pid}/stat`).split(") ");
  const fields = rest.split(" ").map(Number);
  return [fields[11]!, fields[12]!];
}

/** Of the gateway's core so far, in hundredths of a second. */
export function coreTicks(): { busy: number; softirq: number; all: number } {
  const line = readOr("/proc/stat").split("\n")[GATEWAY_CORE + 1] ?? "";
  const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, softirq = 0, steal = 0] = line
    .split(" ")
    .slice(1)
    .map(Number);
  const busy = user + nice + system + irq + softirq;
  return { busy, softirq, all: busy + idle + wait + steal };
}

function run(program: string, ...words: readonly string[]): void {
  const { error, status, stderr } = spawnSync(program, words, { encoding: "utf8" });
  if (error !== undefined || status !== 0)
    throw new Error(`${program} ${words.join(" ")}: ${stderr}`);
}
