// A laboratory: network namespaces with programs in them, all of which are gone when it is closed,
// and also when this process ends without closing it.

import { existsSync, readdirSync } from "node:fs";
import { loadSystem, type System } from "../drivers/linux/sys.ts";
import { endProcesses } from "./end-processes.ts";
import { NAMESPACES } from "./inside.ts";
import { ip, ipAnyway, ipShow } from "./iproute.ts";
import { Namespace } from "./namespace.ts";
import { forget, remember } from "./open-labs.ts";
import { whyNoLab } from "./why-no-lab.ts";

const PREFIX = "isthmus";
/** What a program gets between SIGTERM and SIGKILL. */
const PATIENCE_MILLIS = 2000;

let opened = 0;

/** Throws an Error that says why where none can be opened. */
export async function openLab(): Promise<Lab> {
  const why = whyNoLab();
  if (why !== undefined) throw new Error(why);
  return new Lab(await loadSystem());
}

/** Opens one for `work`, and closes it whatever becomes of that. */
export async function withLab<T>(work: (lab: Lab) => Promise<T>): Promise<T> {
  const lab = await openLab();
  try {
    return await work(lab);
  } finally {
    lab.close();
  }
}

export class Lab {
  readonly system: System;
  readonly #number = opened++;
  readonly #namespaces = new Map<string, Namespace>();
  #closed = false;

  /** Where `whyNoLab` found nothing. Removes what processes left behind that were killed. */
  constructor(system: System) {
    this.system = system;
    if (this.#number === 0) removeLeftBehind();
    remember(this);
  }

  /** Makes those that are not there yet, all at once; in that order. `role` is what one is for, in
   * letters, digits and dashes. IPv6 does nothing unasked in them. */
  namespaces(roles: readonly string[]): Namespace[] {
    if (this.#closed) throw new Error("the laboratory is closed");
    const fresh = roles.filter((role) => !this.#namespaces.has(role));
    const nameOf = (role: string) => `${PREFIX}-${process.pid}-${this.#number}-${role}`;
    for (const role of fresh) {
      this.#namespaces.set(role, new Namespace(this.system, nameOf(role), role));
    }
    ip(...fresh.map((role) => `netns add ${nameOf(role)}`));
    for (const role of fresh) this.#namespaces.get(role)?.prepare();
    return roles.map((role) => this.namespace(role));
  }

  /** Made if need be. */
  namespace(role: string): Namespace {
    return this.#namespaces.get(role) ?? this.namespaces([role])[0]!;
  }

  /** Ends all programs and removes all namespaces; may be called again. Waits without the event
   * loop, so that it also works when the process is ending. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const all = [...this.#namespaces.values()];
    try {
      for (const each of all) each.closeCaptures();
      endProcesses(
        all.flatMap((each) => each.runningPids()),
        PATIENCE_MILLIS,
      );
    } finally {
      removeNamespaces(all.map(({ name }) => name));
      forget(this);
    }
  }
}

/** Of processes that are no more: killed before they could remove theirs. */
function removeLeftBehind(): void {
  if (!existsSync(NAMESPACES)) return;
  const old = readdirSync(NAMESPACES).filter((name) => {
    const [prefix, pid] = name.split("-");
    return prefix === PREFIX && !existsSync(`/proc/${pid}`);
  });
  removeNamespaces(old);
}

/** And whatever still runs in them, such as what our programs started. */
function removeNamespaces(names: readonly string[]): void {
  const there = names.filter((name) => existsSync(`${NAMESPACES}/${name}`));
  const pids = there.flatMap((name) => ipShow(`netns pids ${name}`).split("\n").filter(Boolean));
  endProcesses(
    pids.map(Number).filter((pid) => pid !== process.pid),
    0,
  );
  // Another process may be removing the same that a third one left.
  ipAnyway(...there.map((name) => `netns delete ${name}`));
  const left = there.filter((name) => existsSync(`${NAMESPACES}/${name}`));
  if (left.length > 0) throw new Error(`cannot remove ${left.join(", ")}`);
}
