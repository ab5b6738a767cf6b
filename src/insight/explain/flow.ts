// The flow that a packet belongs to.

import { viewFlow } from "../../gateway/flow-list.ts";
import type { Gateway } from "../../gateway/gateway.ts";
import { TICK_MILLIS } from "../../tables/flow-timers.ts";
import type { FlowExplanation } from "./explanation.ts";

const REPLIES: Readonly<Record<string, string>> = {
  "echo-request": "echo-reply",
  "timestamp-request": "timestamp-reply",
};

/** `entry` is one of the flow table of the packet's family. */
export function explainFlow(
  gateway: Gateway,
  v6: boolean,
  entry: number,
  made: boolean,
): FlowExplanation {
  const { flows, tick } = gateway.parts;
  const table = flows.tables[v6 ? 1 : 0];
  const { original, translated, state } = viewFlow(table, entry >> 1, tick);
  const { words } = table.slab;
  const { layout } = table;
  const deadlines = [entry, entry ^ 1].map((each) => words[each * layout.words + layout.deadline]!);
  const left = Math.max(...deadlines.map((deadline) => (deadline - tick) | 0));
  return {
    made,
    original: [original, translated],
    reply: [answerTo(translated), answerTo(original)],
    state,
    endsInMillis: Math.max(0, left) * TICK_MILLIS,
  };
}

/** The packet that answers one in short notation. */
export function answerTo(notation: string): string {
  const [protocol, source, arrow, destination, ...more] = notation.split(" ");
  const rest = more.map((word) => REPLIES[word] ?? word);
  return [protocol, destination, arrow, source, ...rest].join(" ");
}
