// The table at the end: where every packet went.

import type { Counts } from "../../gateway/gateway.ts";
import { table } from "../table.ts";

export function summary(counts: Counts): string {
  const dropped = [...counts.dropped].sort((a, b) => b[1] - a[1]);
  const total = dropped.reduce((sum, [, count]) => sum + count, 0);
  const rows: [string, number][] = [
    ["received", counts.received],
    ["sent", counts.sent],
    ...(counts.consumed > 0 ? [["for the gateway", counts.consumed] as [string, number]] : []),
    ["dropped", total],
    ...dropped.map(([reason, count]): [string, number] => [`  ${reason}`, count]),
    ...(counts.answered > 0 ? [["answered by ICMP", counts.answered] as [string, number]] : []),
  ];
  const parts = [table(rows.map(([what, count]) => [what, `${count}`]))];
  if (counts.pairs.length > 0) {
    const pairs = counts.pairs.map(({ from, to, packets, bytes, dropped: lost }) => [
      `${from} > ${to}`,
      `${packets}`,
      `${bytes}`,
      `${lost}`,
    ]);
    parts.push(table([["VPC pair", "sent", "bytes", "dropped"], ...pairs]));
  }
  return `${parts.join("\n\n")}\n`;
}
