// Network namespaces for tests that need a real kernel: made, used by this thread, and removed
// whatever becomes of the test.

import { loadSystem, type System } from "../../src/drivers/linux/sys.ts";
import { Lab } from "../../src/lab/lab.ts";
import { whyNoLab } from "../../src/lab/why-no-lab.ts";

export { ip, ipShow } from "../../src/lab/iproute.ts";

/**
 * Why tests of the real network cannot run here; undefined when they can. Where CI=true it throws
 * instead, so that nothing goes untested unnoticed.
 */
export function whyNotLive(): string | undefined {
  const why = whyNoLab();
  if (why !== undefined && process.env["CI"] === "true") throw new Error(why);
  return why;
}

/** The system calls; only where `whyNotLive` found nothing, as koffi may not run elsewhere. */
export async function liveSystem(why: string | undefined): Promise<System> {
  return why === undefined ? await loadSystem() : ({} as System);
}

export class Namespaces {
  readonly names: readonly string[];
  readonly #lab: Lab;

  /** So many, without IPv6, so that nothing speaks before it is asked. */
  constructor(system: System, count: number) {
    this.#lab = new Lab(system);
    const roles = Array.from({ length: count }, (_, i) => `${i}`);
    const made = this.#lab.namespaces(roles);
    for (const each of made) each.sysctl({ "net.ipv6.conf.default.disable_ipv6": 1 });
    this.names = made.map(({ name }) => name);
  }

  /** Runs `work`, which must not be asynchronous, in the namespace. What it opens stays there. */
  inside<T>(name: string, work: () => T): T {
    const role = name.split("-").at(-1) ?? "";
    return this.#lab.namespace(role).inside(work);
  }

  remove(): void {
    this.#lab.close();
  }
}
