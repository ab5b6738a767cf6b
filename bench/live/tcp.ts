// One TCP stream through a gateway between cables, by iperf3; offloads as the kernel has them, and
// everybody on the core that the scheduler gives him.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { System } from "../../src/drivers/linux/sys.ts";
import { ip } from "../../tests/live/namespaces.ts";
import { type Contender, end } from "./contenders.ts";
import { GATEWAY, HOSTS, MACS, Topology } from "./topology.ts";

const SECONDS = 3;
/** For a gateway to start, and for iperf3 to end. */
const START_MILLIS = 3000;
const GRACE_MILLIS = 5000;

/** Gigabits of payload a second; 0 when the stream does not come about. */
export async function measureTcp(system: System, contender: Contender): Promise<number> {
  const topology = new Topology(system, "cable");
  const closing: (() => void | Promise<void>)[] = [() => topology.close()];
  try {
    topology.inside(topology.near, () => ip(...host("blue", "near0", MACS.blue0)));
    topology.inside(topology.far, () => ip(...host("green", "far0", MACS.green0)));
    closing.push(contender.start(topology, "cable", { nodeOptions: [], pinned: false }).stop);
    const server = spawn("ip", ["netns", "exec", topology.far, "iperf3", "-s", "-1"], {
      stdio: "ignore",
    });
    closing.push(() => end(server));
    await sleep(START_MILLIS);
    return await stream(topology.near);
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

function host(vpc: "blue" | "green", name: string, gatewayMac: string): string[] {
  const net = vpc === "blue" ? "10.2.0.0/16" : "10.1.0.0/16";
  return [
    `address add ${HOSTS[vpc]}/24 dev ${name}`,
    `neighbor add ${GATEWAY[vpc]} lladdr ${gatewayMac} dev ${name}`,
    `route add ${net} via ${GATEWAY[vpc]}`,
  ];
}

async function stream(namespace: string): Promise<number> {
  const words = [
    "iperf3",
    "-c",
    HOSTS.green,
    "-t",
    `${SECONDS}`,
    "-J",
    "--connect-timeout",
    "2000",
  ];
  const client = spawn("ip", ["netns", "exec", namespace, ...words], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const timer = setTimeout(() => client.kill("SIGKILL"), SECONDS * 1000 + GRACE_MILLIS);
  let text = "";
  client.stdout.on("data", (chunk) => {
    text += chunk;
  });
  await once(client, "close");
  clearTimeout(timer);
  if (text === "") return 0;
  return (JSON.parse(text).end?.sum_received?.bits_per_second ?? 0) / 1e9;
}
