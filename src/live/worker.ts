// The thread of the data path: opens it, runs the loop, carries out commands between two turns. It
// never returns to its event loop meanwhile, so messages are fetched and not waited for. What it
// throws ends the gateway.

import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { systemClock, wallTimeOf } from "../base/clock.ts";
import type { Config } from "../config/model.ts";
import { loadSystem } from "../drivers/linux/sys.ts";
import { Waiter } from "../drivers/linux/waiter.ts";
import { Answering } from "./answering.ts";
import type { DataPath, OpenDataPath } from "./data-path.ts";
import { drain, runLoop } from "./loop.ts";
import { LoopCounts } from "./loop-counts.ts";
import type { Answer, Applied, Command, Message, WorkerStart } from "./messages.ts";
import { EventFeed } from "./nat-log/event-feed.ts";
import { Pulse } from "./pulse.ts";
import { told } from "./tell.ts";

function say(message: Message): void {
  parentPort?.postMessage(message);
}

function apply(dataPath: DataPath, feed: EventFeed, config: Config): Answer {
  const began = systemClock.now();
  try {
    const { kept, ended, notices } = dataPath.apply(config);
    feed.follow(config.natLog, Math.floor(systemClock.now()));
    const millis = systemClock.now() - began;
    return { kind: "applied", applied: { kept, ended: byReason(ended), notices, millis } };
  } catch (error) {
    return { kind: "refused", ...told(error) };
  }
}

function byReason(ended: readonly { readonly reason: string }[]): Applied["ended"] {
  const counts = new Map<string, number>();
  for (const { reason } of ended) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return counts;
}

/** What orders and questions are about. */
interface Ordered {
  readonly dataPath: DataPath;
  readonly feed: EventFeed;
  readonly waiter: Waiter;
  readonly pulse: Pulse;
  readonly answering: Answering;
  readonly counts: LoopCounts;
}

/** Carries out what waits; false when that was to stop. */
function obey({ dataPath, feed, waiter, pulse, answering, counts }: Ordered): boolean {
  for (;;) {
    const command: Command | undefined = parentPort && receiveMessageOnPort(parentPort)?.message;
    switch (command?.kind) {
      case undefined:
        return true;
      case "apply":
        say(apply(dataPath, feed, command.config));
        break;
      case "counts":
        say({ kind: "counts", counts: dataPath.counts(), loop: counts.read() });
        break;
      case "ask":
        answering.begin(command.id, command.question, command.asked);
        break;
      case "watch-flows":
        feed.watch(command.wanted, Math.floor(systemClock.now()));
        break;
      case "stop":
        drain(dataPath, systemClock, pulse);
        feed.flush(Math.floor(systemClock.now()));
        waiter.close();
        say({ kind: "closed", counts: dataPath.counts() });
        return false;
      default:
        command satisfies never;
    }
  }
}

async function run({ dataPath: module, config, pulse: shared }: WorkerStart): Promise<void> {
  const pulse = new Pulse(shared);
  const began = systemClock.now();
  const { openDataPath }: { openDataPath: OpenDataPath } = await import(module);
  let dataPath: DataPath;
  let waiter: Waiter;
  let feed: EventFeed;
  try {
    const system = await loadSystem();
    const log = (line: Extract<Message, { kind: "log" }>["line"]) => say({ kind: "log", line });
    dataPath = openDataPath(config, log, system);
    feed = new EventFeed(dataPath.flowEvents, {
      post: (block) => say({ kind: "flow-events", block }),
      taken: () => pulse.taken,
      wallMillis: wallTimeOf,
    });
    feed.follow(config.natLog, Math.floor(systemClock.now()));
    waiter = new Waiter(system, dataPath.fds);
  } catch (error) {
    say({ kind: "failed", ...told(error) });
    return;
  }
  say({ kind: "ready", wakeFd: waiter.wakeFd, millis: systemClock.now() - began });
  const counts = new LoopCounts();
  const answering = new Answering(dataPath, systemClock, say);
  const ordered: Ordered = { dataPath, feed, waiter, pulse, answering, counts };
  runLoop({
    dataPath,
    waiter,
    clock: systemClock,
    pulse,
    answering,
    obey: () => obey(ordered),
    after: (now) => feed.drain(now),
    report: (status) => say({ kind: "status", status }),
    counts,
  });
}

// Only as a worker: a test imports every module.
if (parentPort !== null) await run(workerData as WorkerStart);
