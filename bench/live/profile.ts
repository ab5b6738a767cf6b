// Where the time of our process goes, by V8's samples: system calls, copying, everything else.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { System } from "../../src/drivers/linux/sys.ts";
import { type Cell, measure, type Span } from "./cell.ts";
import type { Contender } from "./contenders.ts";

/** What V8 writes with --cpu-prof, as far as it is read. */
interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  /** Microseconds of the monotonic clock. */
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const SYSTEM_CALLS = /\/drivers\/linux\/sys\.ts$/;
/** By the name of the function; memcpy is among the calls of C. */
const COPIES = /^(?:copyIn|copySum|copyQuads|memcpy)$/;

/** In a measurement of its own, as being watched costs something; in words and per cent. */
export async function profileOf(system: System, contender: Contender, cell: Cell): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), "isthmus-profile-"));
  try {
    const { span } = await measure(system, contender, cell, [
      "--cpu-prof",
      `--cpu-prof-dir=${folder}`,
    ]);
    const shares = new Map<string, number>();
    for (const name of readdirSync(folder)) {
      addShares(JSON.parse(readFileSync(path.join(folder, name), "utf8")), span, shares);
    }
    const all = [...shares.values()].reduce((sum, micros) => sum + micros, 0);
    return [...shares]
      .sort(([, one], [, other]) => other - one)
      .map(([group, micros]) => `${group} ${((100 * micros) / all).toFixed(1)} %`)
      .join(", ");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Of what was sampled while packets were counted. */
function addShares(profile: Profile, [from, to]: Span, shares: Map<string, number>): void {
  const { nodes, samples, timeDeltas } = profile;
  const groups = new Map(nodes.map(({ id, callFrame }) => [id, groupOf(callFrame)]));
  let micros = profile.startTime;
  samples.forEach((id, i) => {
    const delta = timeDeltas[i] ?? 0;
    micros += delta;
    const group = groups.get(id);
    if (group === undefined || micros < from || micros > to) return;
    shares.set(group, (shares.get(group) ?? 0) + delta);
  });
}

/** Undefined for what is no work for packets: sleeping, and starting Node. */
function groupOf(frame: Profile["nodes"][number]["callFrame"]): string | undefined {
  const { functionName, url } = frame;
  if (functionName === "poll" || functionName === "(idle)" || functionName === "(root)") return;
  if (functionName === "(garbage collector)") return "garbage collection";
  if (COPIES.test(functionName)) return "copying";
  if (SYSTEM_CALLS.test(url) || url === "") return "system calls";
  if (url.startsWith("node:") || url.includes("/node_modules/")) return undefined;
  return url.includes("/drivers/") ? "drivers" : "gateway";
}
