// The NAT log with the sockets, files and the time of this machine.

import { createSocket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { hostname } from "node:os";
import { wallClock } from "../../base/clock.ts";
import type { Log } from "../data-path.ts";
import { NatLog } from "./nat-log.ts";
import { openSink, type SinkTools } from "./sinks.ts";

export function openNatLog(log: Log): NatLog {
  const udp = { createSocket, lookup: (host: string) => lookup(host) };
  const tools: SinkTools = { udp, hostname: hostname(), pid: process.pid };
  return new NatLog({ log, now: () => wallClock.now(), open: (target) => openSink(target, tools) });
}
