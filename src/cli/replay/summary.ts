// The table at the end: where every packet went.

import type { Counts } from "../../gateway/gateway.ts";
import { table } from "../table.ts";

/** `lost` counts what was dropped before a receiver was found, by the sender's VPC if known. So the
 * table of pairs has every packet that was sent or dropped. */
export function summary(counts: Counts, lost: ReadonlyMap<string | undefined, number>): string {
  const dropped = [...counts.dropped].sort((a, b) => b[1] - a[1]);
  const total = dropped.reduce((sum, [, count]) => sum + count, 0);
  const rows: [string, number][] = [
    ["received", counts.received],
    ["sent", counts.sent],
    ...(counts.consumed > 0 ? [["for the gateway", counts.consumed] as [string, number]] : []),
    ["dropped", total],
    ...dropped.map(([reason, count]): [string, number] => [`  ${reason}`, count]),
    ...(counts.pieces > 0 ? [["further fragments", counts.pieces] as [string, number]] : []),
    ...(counts.answered > 0 ? [["answered by ICMP", counts.answered] as [string, number]] : []),
  ];
  const parts = [table(rows.map(([what, count]) => [what, `${count}`]))];
  const pairs = [...counts.pairs, ...withoutReceiver(lost)];
  if (pairs.length > 0) {
    const lines = pairs.map(({ from, to, packets, bytes, dropped }) => [
      `${from} > ${to}`,
      ...[packets, bytes, dropped].map(String),
    ]);
    parts.push(table([["VPC pair", "sent", "bytes", "dropped"], ...lines]));
  }
  return `${parts.join("\n\n")}\n`;
}

/** Known senders by name, then the unknown one. */
function withoutReceiver(lost: ReadonlyMap<string | undefined, number>): Counts["pairs"][number][] {
  return [...lost]
    .sort(([a = "\uffff"], [b = "\uffff"]) => (a < b ? -1 : 1))
    .map(([from = "?", dropped]) => ({ from, to: "?", packets: 0, bytes: 0, dropped, flows: 0 }));
}
