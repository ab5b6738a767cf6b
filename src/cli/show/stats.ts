// `show stats`: where all packets went, and what is held.

import type { ApiStats } from "../api-types.ts";
import { bytes, count, duration } from "../human.ts";
import type { CliIo } from "../io.ts";
import { bold, tableText } from "../print-table.ts";
import { table } from "../table.ts";

const PAIR_COLUMNS = [
  { title: "VPC PAIR", cut: true },
  { title: "SENT", right: true },
  { title: "BYTES", right: true },
  { title: "DROPPED", right: true },
];

const LOG_COLUMNS = [
  { title: "NAT LOG", cut: true },
  { title: "RECORDS", right: true },
  { title: "LOST", right: true },
  { title: "STATE", cut: true },
];

export function statsText(stats: ApiStats, io: CliIo): string {
  const { held: now, pairs, generation, uptimeSeconds } = stats;
  const dropped = Object.entries(stats.dropped).sort((a, b) => b[1] - a[1]);
  const packets: [string, number][] = [
    ["received", stats.received],
    ["sent", stats.sent],
    ["  by the fast path", stats.fast],
    ["for the gateway itself", stats.consumed],
    ["dropped", dropped.reduce((sum, [, each]) => sum + each, 0)],
    ...dropped.map(([reason, each]): [string, number] => [`  ${reason}`, each]),
    ["waiting for a fragment or a neighbor", stats.waiting],
    ["further fragments sent", stats.pieces],
    ["answered by ICMP", stats.answered],
  ];
  const held: [string, number][] = [
    ["flows, resting ones included", now.flows],
    ["public endpoints", now.mappings],
    ["hosts whose flows are counted", now.hosts],
    ["datagrams in fragments", now.datagrams],
  ];
  const lines = (rows: readonly [string, number][]) =>
    `${table(rows.map(([what, each]) => [what, count(each)]))}\n`;
  const pairRows = pairs.map(({ from, to, packets: sent, bytes: size, dropped: lost }) => [
    `${from} > ${to}`,
    count(sent),
    bytes(size),
    count(lost),
  ]);
  const logRows = stats.natLog.map(({ kind, place, open, records, notTaken, overrun, trouble }) => [
    `${kind} ${place}`,
    count(records),
    count(notTaken + overrun),
    [...(open ? [] : ["closed"]), trouble ?? (overrun > 0 ? "the gateway did not keep up" : "")]
      .filter(Boolean)
      .join("; "),
  ]);
  return [
    `Running for ${duration(uptimeSeconds)}, configuration ${generation}\n`,
    `${bold("PACKETS", io)}\n${lines(packets)}`,
    `${bold("HELD", io)}\n${lines(held)}`,
    ...(pairRows.length > 0 ? [tableText(PAIR_COLUMNS, pairRows, io)] : []),
    ...(logRows.length > 0 ? [tableText(LOG_COLUMNS, logRows, io)] : []),
  ].join("\n");
}
