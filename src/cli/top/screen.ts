// What `top` shows, as text.

import { bitRate, count, counted } from "../human.ts";
import type { CliIo } from "../io.ts";
import { bold, note, tableText } from "../print-table.ts";
import { splitNotation } from "../show/flows.ts";
import { NOTHING } from "../show/view.ts";
import type { Column } from "../table.ts";
import type { Top } from "./rates.ts";

const PEERINGS: readonly Column[] = [
  { title: "PEERING", cut: true },
  { title: "VPCS", cut: true },
  { title: "PACKETS/S", right: true },
  { title: "RATE", right: true },
  { title: "DROPS/S", right: true },
];
const TALKERS: readonly Column[] = [
  { title: "TOP TALKERS", cut: true },
  { title: "PROTO" },
  { title: "FLOW", cut: true },
  { title: "PACKETS/S", right: true, drop: 1 },
  { title: "RATE", right: true },
];
const DROPS: readonly Column[] = [{ title: "DROPPED" }, { title: "PACKETS/S", right: true }];
/** Rows of each table, at most. */
const ROWS = 10;

export function topText(top: Top, io: Pick<CliIo, "colour" | "columns">): string {
  const { total, flows } = top;
  const head = [
    `${count(total.packets)} packets/s`,
    bitRate(total.bytes),
    `${count(total.dropped)} drops/s`,
    counted(flows, "flow"),
  ];
  const peerings = top.peerings
    .slice(0, ROWS)
    .map(({ peering, from, to, packets, bytes, dropped }) => [
      ...[peering || NOTHING, `${from} > ${to}`],
      ...[count(packets), bitRate(bytes), count(dropped)],
    ]);
  const talkers = top.talkers.map(({ flow, packets, bytes }) => [
    `${flow.from} > ${flow.to}`,
    ...splitNotation(flow.original),
    ...[count(packets), bitRate(bytes)],
  ]);
  const drops = top.drops.slice(0, ROWS).map(({ reason, packets }) => [reason, count(packets)]);
  const some = top.more ? note(`talkers among the first ${top.looked} flows`, io) : "";
  return [
    `${bold(head.join("   "), io)}\n`,
    ...(peerings.length > 0 ? [tableText(PEERINGS, peerings, io)] : []),
    ...(talkers.length > 0 ? [tableText(TALKERS, talkers, io) + some] : []),
    ...(drops.length > 0 ? [tableText(DROPS, drops, io)] : []),
  ].join("\n");
}
