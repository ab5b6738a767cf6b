// One measurement: a contender, a scenario, a size; networks of its own.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { System } from "../../src/drivers/linux/sys.ts";
import { type Contender, end, type Running } from "./contenders.ts";
import {
  coreTicks,
  cpuNanos,
  pinned,
  pinReceiving,
  type Receiving,
  receiveByThreads,
  SENDER_CORE,
  softirqThreads,
  steerPackets,
  userAndSystem,
} from "./cores.ts";
import { setReceiveOffload } from "./ethtool.ts";
import { openSink } from "./sink.ts";
import { type Scenario, Topology } from "./topology.ts";

export interface Cell {
  readonly scenario: Scenario;
  /** Of the innermost Ethernet frame, in bytes, without its checksum. */
  readonly length: number;
  readonly receiving: Receiving;
  /** How long is counted, in seconds. */
  readonly seconds: number;
}

export interface Result {
  /** Thousands of packets a second: what the sender sent, and what arrived. */
  readonly sentKpps: number;
  readonly kpps: number;
  /** Nanoseconds of a core for each packet that arrived: all that is known to be the gateway's. */
  readonly nanos: number;
  /** Of these, what the gateway's process used, and that split by the kernel's clock ticks. */
  readonly processNanos: number;
  readonly userNanos: number;
  /** Shares of the gateway's core, 0 to 1: busy with anything, and with the gateway. */
  readonly busy: number;
  readonly own: number;
}

/** From and to when was counted, in microseconds of the machine's monotonic clock. */
export type Span = readonly [from: number, to: number];

const WARM_SECONDS = 1;
const READY_MILLIS = 20_000;
/** What neighbors and routers say to each other unasked is fewer frames than that. */
const FORWARDED_MIN = 1000;
/** Beyond what a sender should take. */
const GRACE_MILLIS = 4000;

interface Reading {
  /** Microseconds of the machine's monotonic clock. */
  readonly micros: number;
  readonly sent: number;
  readonly arrived: number;
  readonly process: number;
  readonly threads: number;
  readonly user: number;
  readonly system: number;
  readonly core: ReturnType<typeof coreTicks>;
}

/** Throws where nothing arrives. `nodeOptions` are for the contender's process. */
export async function measure(
  system: System,
  contender: Contender,
  cell: Cell,
  nodeOptions: readonly string[] = [],
): Promise<{ result: Result; span: Span }> {
  const topology = new Topology(system, cell.scenario);
  const closing: (() => void | Promise<void>)[] = [() => topology.close()];
  try {
    prepare(system, topology, closing);
    const steered = contender.inKernel && cell.receiving === "sender";
    if (steered) steerPackets(topology);
    if (cell.receiving === "gateway") receiveByThreads(topology);
    const running = contender.start(topology, cell.scenario, { nodeOptions, pinned: true });
    closing.push(running.stop);
    await untilForwarding(topology, contender, cell);
    // Packets that are steered belong to no thread in particular.
    const threads = steered ? [] : [...pinReceiving(), ...softirqThreads()];
    const sender = startSender(topology, cell, WARM_SECONDS + cell.seconds + 1);
    closing.push(() => end(sender));
    await sleep(WARM_SECONDS * 1000);
    const before = read(topology, running, threads);
    await sleep(cell.seconds * 1000);
    const after = read(topology, running, threads);
    return { result: compare(before, after, steered), span: [before.micros, after.micros] };
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

function prepare(system: System, topology: Topology, closing: (() => void)[]): void {
  const { namespace, interface: name } = topology.arrival;
  // With receive offload an end of a cable takes frames by NAPI, which the sender's program needs,
  // and does not share a queue with all that is received otherwise.
  topology.inside(topology.gateway, () => setReceiveOffload(system, "blue0", true));
  topology.inside(namespace, () => setReceiveOffload(system, name, true));
  closing.push(topology.inside(namespace, () => openSink(system, name)));
}

function startSender({ near }: Topology, { scenario, length }: Cell, seconds: number) {
  const script = fileURLToPath(new URL("sender.ts", import.meta.url));
  const sending = JSON.stringify({ interface: "near0", scenario, length, seconds });
  const words = pinned(near, SENDER_CORE, [process.execPath, script, sending]);
  const sender = spawn("ip", words, { stdio: ["ignore", "ignore", "inherit"] });
  const timer = setTimeout(() => sender.kill("SIGKILL"), seconds * 1000 + GRACE_MILLIS);
  sender.once("exit", () => clearTimeout(timer));
  return sender;
}

/** Sends a little until it arrives: flows are known then, code is compiled, and a gateway
 * that does not work is found out. */
async function untilForwarding(topology: Topology, contender: Contender, cell: Cell) {
  const began = performance.now();
  for (;;) {
    const before = arrived(topology);
    await exited(startSender(topology, cell, 0.1));
    await sleep(100);
    if (arrived(topology) - before > FORWARDED_MIN) return;
    if (performance.now() - began > READY_MILLIS) {
      throw new Error(`${contender.name}, ${cell.scenario}: nothing arrives`);
    }
  }
}

async function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

function read(topology: Topology, { pid }: Running, threads: readonly number[]): Reading {
  const came = frames(topology, topology.gateway, "blue0");
  const [user, system] = pid === undefined ? [0, 0] : userAndSystem(pid);
  return {
    micros: Number(process.hrtime.bigint() / 1000n),
    arrived: arrived(topology),
    // What finds no room at the gateway's end of the cable is counted there.
    sent: came.received + came.dropped,
    process: pid === undefined ? 0 : cpuNanos(pid),
    threads: threads.reduce((sum, thread) => sum + cpuNanos(thread), 0),
    user,
    system,
    core: coreTicks(),
  };
}

function compare(before: Reading, after: Reading, steered: boolean): Result {
  const less = (field: Exclude<keyof Reading, "core">) => after[field] - before[field];
  const millis = less("micros") / 1000;
  const packets = less("arrived");
  const ticks = (field: keyof Reading["core"]) => after.core[field] - before.core[field];
  const own = less("process") + less("threads") + (steered ? ticks("softirq") * 1e7 : 0);
  const all = less("user") + less("system");
  return {
    sentKpps: less("sent") / millis,
    kpps: packets / millis,
    nanos: own / packets,
    processNanos: less("process") / packets,
    userNanos: all === 0 ? 0 : (less("process") / packets) * (less("user") / all),
    busy: ticks("busy") / ticks("all"),
    own: own / 1e6 / millis,
  };
}

function arrived(topology: Topology): number {
  const { namespace, interface: name } = topology.arrival;
  return frames(topology, namespace, name).received;
}

/** At an interface so far. */
function frames(topology: Topology, namespace: string, name: string) {
  const table = topology.inside(namespace, () => readFileSync("/proc/thread-self/net/dev", "utf8"));
  const line = table.split("\n").find((each) => each.trim().startsWith(`${name}:`)) ?? "";
  const [, received = 0, , dropped = 0] = line.split(":")[1]!.trim().split(/\s+/).map(Number);
  return { received, dropped };
}
