// Network namespaces for tests that need a real kernel: made, used by this thread, and removed
// whatever becomes of the test.

import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, readdirSync, writeFileSync } from "node:fs";
import { loadSystem, type System } from "../../src/drivers/linux/sys.ts";
import { must } from "../../src/drivers/linux/system-error.ts";

const CLONE_NEWNET = 0x40000000;
const FOLDER = "/run/netns";
const PREFIX = "isthmus";

/**
 * Why tests of the real network cannot run here; undefined when they can. Where CI=true it throws
 * instead, so that nothing goes untested unnoticed.
 */
export function whyNotLive(): string | undefined {
  const why = missing();
  if (why !== undefined && process.env["CI"] === "true") throw new Error(why);
  return why;
}

function missing(): string | undefined {
  if (process.platform !== "linux") return "packet drivers are Linux's";
  if (process.getuid?.() !== 0) return "root makes network namespaces, and this is not root";
  const { error } = spawnSync("ip", ["-V"]);
  if (error !== undefined) return "ip is missing: apt-get install iproute2";
  const { status, stderr } = spawnSync("unshare", ["--net", "true"], { encoding: "utf8" });
  return status === 0 ? undefined : `no network namespace can be made: ${stderr.trim()}`;
}

/** The system calls; only where `whyNotLive` found nothing, as koffi may not run elsewhere. */
export async function liveSystem(why: string | undefined): Promise<System> {
  return why === undefined ? await loadSystem() : ({} as System);
}

/** Lines for `ip -batch`, in the namespace of the calling thread. */
export function ip(...lines: readonly string[]): void {
  const options = { input: lines.join("\n"), encoding: "utf8" } as const;
  const { status, stderr } = spawnSync("ip", ["-batch", "-"], options);
  if (status !== 0) throw new Error(`${options.input}\n${stderr}`);
}

/** What `ip` with these words prints. */
export function ipShow(words: string): string {
  return spawnSync("ip", words.split(" "), { encoding: "utf8" }).stdout;
}

let made = 0;

export class Namespaces {
  readonly names: readonly string[];
  readonly #system: System;
  readonly #home: number;

  /** So many, without IPv6, so that nothing speaks before it is asked. */
  constructor(system: System, count: number) {
    removeLeftBehind();
    this.#system = system;
    this.#home = openSync("/proc/thread-self/ns/net", "r");
    const number = made++;
    this.names = Array.from({ length: count }, (_, i) => {
      return `${PREFIX}-${process.pid}-${number}-${i}`;
    });
    ip(...this.names.map((name) => `netns add ${name}`));
    for (const name of this.names) {
      this.inside(name, () => writeFileSync("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1"));
    }
  }

  /** Runs `work`, which must not be asynchronous, in the namespace. What it opens stays there. */
  inside<T>(name: string, work: () => T): T {
    const fd = openSync(`${FOLDER}/${name}`, "r");
    try {
      must(this.#system.setns(fd, CLONE_NEWNET), `setns ${name}`);
      return work();
    } finally {
      closeSync(fd);
      must(this.#system.setns(this.#home, CLONE_NEWNET), "setns home");
    }
  }

  remove(): void {
    closeSync(this.#home);
    ip(...this.names.map((name) => `netns delete ${name}`));
  }
}

/** Of processes that are no more: killed before they could remove theirs. */
function removeLeftBehind(): void {
  if (made > 0 || !existsSync(FOLDER)) return;
  const old = readdirSync(FOLDER).filter((name) => {
    const [prefix, pid] = name.split("-");
    return prefix === PREFIX && !existsSync(`/proc/${pid}`);
  });
  if (old.length > 0) ip(...old.map((name) => `netns delete ${name}`));
}
