// The program that runs servers on a host:
//
//   node program.ts '{"web": 80, "dns": {"port": 53, "names": {"web.lab": ["10.0.0.2"]}}}'
//
// Prints "ready" when all of them listen, for IPv4 and IPv6. Ends with its standard input, so that
// it does not outlive who started it.

import { once } from "node:events";
import { dnsOverTcp, dnsOverUdp } from "./dns.ts";
import { tcpEcho, udpEcho } from "./echo.ts";
import type { ServersPlan } from "./plan.ts";
import { webServer } from "./web.ts";

const plan: ServersPlan = JSON.parse(process.argv[2] ?? "{}");
const listening: Promise<unknown>[] = [];

function listen(server: ReturnType<typeof tcpEcho>, port: number): void {
  listening.push(once(server.listen(port, "::"), "listening"));
}

function bind(socket: ReturnType<typeof udpEcho>, port: number): void {
  listening.push(once(socket.bind(port, "::"), "listening"));
}

if (plan.web !== undefined) listen(webServer(), plan.web);
if (plan.echo !== undefined) {
  listen(tcpEcho(), plan.echo);
  bind(udpEcho(), plan.echo);
}
if (plan.dns !== undefined) {
  listen(dnsOverTcp(plan.dns.names), plan.dns.port);
  bind(dnsOverUdp(plan.dns.names), plan.dns.port);
}
await Promise.all(listening);
process.stdout.write("ready\n");
process.stdin.resume().once("close", () => process.kill(process.pid, "SIGTERM"));
