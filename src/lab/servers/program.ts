// The program that runs servers on a host:
//
//   node program.ts '{"web": 80, "dns": {"port": 53, "names": {"web.lab": ["10.0.0.2"]}}}'
//
// Prints "ready" when all of them listen, for IPv4 and IPv6. Ends with its standard input, so that
// it does not outlive who started it.

import type { Socket } from "node:dgram";
import { once } from "node:events";
import type { Server } from "node:net";
import { fileURLToPath } from "node:url";
import { dnsOverTcp, dnsOverUdp } from "./dns.ts";
import { tcpEcho, udpEcho } from "./echo.ts";
import type { ServersPlan } from "./plan.ts";
import { webServer } from "./web.ts";

/** Starts them, and waits until they listen. */
async function run(plan: ServersPlan): Promise<void> {
  const servers: [Server | Socket, number][] = [];
  if (plan.web !== undefined) servers.push([webServer(), plan.web]);
  if (plan.echo !== undefined) servers.push([tcpEcho(), plan.echo], [udpEcho(), plan.echo]);
  if (plan.dns !== undefined) {
    const { port, names } = plan.dns;
    servers.push([dnsOverTcp(names), port], [dnsOverUdp(names), port]);
  }
  await Promise.all(servers.map(([server, port]) => once(listen(server, port), "listening")));
}

function listen(server: Server | Socket, port: number): Server | Socket {
  return "listen" in server ? server.listen(port, "::") : server.bind(port, "::");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await run(JSON.parse(process.argv[2] ?? "{}"));
  process.stdout.write("ready\n");
  process.stdin.resume().once("close", () => process.kill(process.pid, "SIGTERM"));
}
