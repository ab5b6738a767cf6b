// Who is measured. Each is told the namespace and the scenario, and forwards until it is stopped.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ip } from "../../tests/live/namespaces.ts";
import { anywhere, GATEWAY_CORE, pinned } from "./cores.ts";
import { isthmusConfig } from "./isthmus-config.ts";
import { startKernel } from "./kernel.ts";
import { HOSTS, MACS, type Scenario, type Topology, VTEPS } from "./topology.ts";

export interface Running {
  /** Undefined for the kernel. */
  readonly pid: number | undefined;
  /** Waits until it has ended. */
  readonly stop: () => Promise<void>;
}

export interface Contender {
  readonly name: string;
  /** It is no process. */
  readonly inKernel: boolean;
  readonly start: (topology: Topology, scenario: Scenario, running: HowToRun) => Running;
}

/** A process of ours. */
export interface HowToRun {
  /** For its Node. */
  readonly nodeOptions: readonly string[];
  /** On the gateway's core and no other, ahead of whatever else is there. */
  readonly pinned: boolean;
}

const KILL_MILLIS = 5000;

export const kernel: Contender = {
  name: "kernel, nftables",
  inKernel: true,
  start(topology, scenario) {
    topology.inside(topology.gateway, () => startKernel(scenario));
    return { pid: undefined, stop: async () => undefined };
  },
};

/** No NAT: what a driver can do. */
export function plainForwarder(...driver: readonly string[]): Contender {
  return {
    name: `no-op, ${driver.join(" ")}`,
    inKernel: false,
    start(topology, scenario, how) {
      const script = fileURLToPath(new URL("forward.ts", import.meta.url));
      const words = [process.execPath, ...how.nodeOptions, script, scenario, ...driver];
      return start(topology, words, how);
    },
  };
}

/** `command` starts the gateway when the name of a configuration is put behind it. */
export function isthmus(command: readonly string[], driver: string): Contender {
  return {
    name: `isthmus, ${driver}`,
    inKernel: false,
    start(topology, scenario, how) {
      if (scenario === "vxlan") topology.inside(topology.gateway, addUnderlay);
      // The gateway asks its neighbors by itself, so there is somebody who answers.
      else topology.inside(topology.far, () => ip(`address replace ${HOSTS.green}/24 dev far0`));
      const folder = mkdtempSync(path.join(tmpdir(), "isthmus-bench-"));
      const file = path.join(folder, "gateway.yaml");
      writeFileSync(file, isthmusConfig(scenario, driver));
      const { nodeOptions } = how;
      const options = nodeOptions.length > 0 ? `NODE_OPTIONS=${nodeOptions.join(" ")}` : "";
      const environment = options === "" ? [] : ["env", options];
      return start(topology, [...environment, ...command, "--log-level", "warn", file], how);
    },
  };
}

/** The kernel knows the way between VTEPs, and the gateway asks it. */
function addUnderlay(): void {
  ip(
    `address add ${VTEPS.gateway}/24 dev blue0`,
    `neighbor add ${VTEPS.blue} lladdr ${MACS.near0} dev blue0`,
    `neighbor add ${VTEPS.green} lladdr ${MACS.near0} dev blue0`,
  );
}

function start({ gateway }: Topology, words: readonly string[], how: HowToRun): Running {
  const all = how.pinned ? pinned(gateway, GATEWAY_CORE, words) : anywhere(gateway, words);
  const child = spawn("ip", all, {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return { pid: child.pid, stop: () => end(child) };
}

/** Asks it to end, and after a while no longer asks. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), KILL_MILLIS);
  await exited;
  clearTimeout(timer);
}
