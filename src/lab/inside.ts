// The calling thread for a moment in another network namespace. Sockets opened there stay there.

import { closeSync, openSync } from "node:fs";
import type { System } from "../drivers/linux/sys.ts";
import { must } from "../drivers/linux/system-error.ts";

const CLONE_NEWNET = 0x40000000;

/** Where `ip netns` keeps them. */
export const NAMESPACES = "/run/netns";

/** Runs `work`, which must not be asynchronous, in the namespace of that name. */
export function inside<T>(system: System, namespace: string, work: () => T): T {
  const home = openSync("/proc/thread-self/ns/net", "r");
  try {
    const there = openSync(`${NAMESPACES}/${namespace}`, "r");
    try {
      must(system.setns(there, CLONE_NEWNET), `setns ${namespace}`);
    } finally {
      closeSync(there);
    }
    try {
      return work();
    } finally {
      must(system.setns(home, CLONE_NEWNET), "setns home");
    }
  } finally {
    closeSync(home);
  }
}
