// Who had a public endpoint from when to when, as the lines of a NAT log tell in their order. Ends
// of flows are written late and say when they were, so lines are not in the order of their times.

import { z } from "zod";

/** A line about an endpoint, as far as it counts here. */
const lineShape = z.object({
  time: z.string(),
  event: z.enum(["flow-begin", "flow-end", "endpoint-begin", "endpoint-end"]),
  protocol: z.string(),
  from: z.string().optional(),
  fromVni: z.number(),
  to: z.string().optional(),
  toVni: z.number(),
  source: z.string(),
});
const markShape = z.object({
  time: z.string(),
  event: z.enum(["log-begin", "log-end", "log-lost"]),
  start: z.boolean().optional(),
  stop: z.boolean().optional(),
  records: z.number().optional(),
});

type Line = z.infer<typeof lineShape>;

export type EndKnown = "exact" | "at-least" | "at-latest";

export interface Owner {
  readonly protocol: string;
  readonly vpc: string | undefined;
  readonly vni: number;
  /** The private endpoint. */
  readonly source: string;
  /** The VPC that saw it behind the public one. */
  readonly seenBy: string | undefined;
  readonly seenByVni: number;
  /** Milliseconds since 1970; undefined: since before the log begins. */
  readonly since: number | undefined;
  /** Undefined: it had not ended where the log ends. */
  readonly until: number | undefined;
  /** What `until` means. "at-least": the log ended before the flow did. "at-latest": the gateway
   * was started anew then, and it is not known when it had ended. */
  readonly end: EndKnown;
}

interface Open {
  readonly line: Line;
  readonly since: number | undefined;
  /** Flows that have begun and not ended. */
  holders: number;
  until: number;
}

/** A span in which nothing was logged. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

export class Owners {
  readonly #open = new Map<string, Open>();
  readonly #closed: Owner[] = [];
  readonly gaps: Gap[] = [];
  /** Records that the log says it has lost. */
  lost = 0;
  /** Lines that could not be understood. */
  damaged = 0;
  #endedAt: number | undefined;

  take(text: string): void {
    const value = jsonOf(text);
    const line = lineShape.safeParse(value);
    const mark = markShape.safeParse(value);
    const time = Date.parse(line.data?.time ?? mark.data?.time ?? "");
    if (Number.isNaN(time)) this.damaged++;
    else if (line.data) this.#flow(line.data, time);
    else if (mark.data) this.#mark(mark.data, time);
  }

  /** All that have been, in the order in which they were given up; then those that still are. */
  get all(): Owner[] {
    const open = [...this.#open.values()];
    return [...this.#closed, ...open.map((each) => owner(each, undefined, "exact"))];
  }

  #flow(line: Line, time: number): void {
    const { event, protocol, fromVni, toVni, source } = line;
    const key = `${protocol} ${fromVni} ${toVni} ${source}`;
    const known = this.#open.get(key);
    if (event === "flow-begin" || event === "endpoint-begin") {
      if (known) known.holders++;
      else this.#open.set(key, { line, since: time, holders: 1, until: time });
      return;
    }
    const open = known ?? { line, since: undefined, holders: 1, until: time };
    open.holders--;
    open.until = Math.max(open.until, time);
    if (open.holders > 0) return;
    this.#open.delete(key);
    this.#closed.push(owner(open, open.until, "exact"));
  }

  #mark({ event, start, stop, records = 0 }: z.infer<typeof markShape>, time: number): void {
    if (event === "log-lost") this.lost += records;
    else if (event === "log-end") {
      this.#endAll(time, stop === true ? "exact" : "at-least");
      this.#endedAt = time;
    } else {
      // Of a gateway that ended without a word nothing is known but that it is over.
      if (start === true) this.#endAll(time, "at-latest");
      if (this.#endedAt !== undefined) this.gaps.push({ from: this.#endedAt, to: time });
      this.#endedAt = undefined;
    }
  }

  #endAll(time: number, end: EndKnown): void {
    for (const open of this.#open.values()) this.#closed.push(owner(open, time, end));
    this.#open.clear();
  }
}

function owner({ line, since }: Open, until: number | undefined, end: EndKnown): Owner {
  const { protocol, from: vpc, fromVni: vni, source, to: seenBy, toVni: seenByVni } = line;
  return { protocol, vpc, vni, source, seenBy, seenByVni, since, until, end };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
