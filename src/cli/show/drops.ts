// `show drops`: what was dropped, counted.

import type { ApiDropCell, ApiDrops } from "../api-types.ts";
import { count } from "../human.ts";
import type { CliIo } from "../io.ts";
import { note, tableText } from "../print-table.ts";
import { NOTHING } from "./view.ts";

/** Reasons that are told in words. */
const TOLD_MAX = 5;

const COLUMNS = [
  { title: "REASON" },
  { title: "FROM", cut: true },
  { title: "TO", cut: true },
  { title: "INTERFACE", cut: true, drop: 1 },
  { title: "STEP", drop: 2 },
  { title: "PACKETS", right: true },
];

export function dropsText(report: ApiDrops, io: CliIo): string {
  const { cells, drivers, reasons, notices } = report;
  if (cells.length + drivers.length === 0) return "Nothing was dropped.\n";
  const lost = drivers.map(({ reason, interface: name, count: frames }) => [
    ...[reason, NOTHING, NOTHING, name, "driver"],
    count(frames),
  ]);
  const told = [
    ...reasons.slice(0, TOLD_MAX),
    ...new Map(drivers.map((one) => [one.reason, one])).values(),
  ];
  const notes = told.map(({ reason, sentence, advice }) => `${reason}: ${sentence} ${advice}`);
  return [
    tableText(COLUMNS, [...cells.map(rowOf), ...lost], io),
    ...[...notes, ...notices].map((each) => note(each, io)),
  ].join("");
}

function rowOf({ reason, from, to, interface: name, step, count: packets }: ApiDropCell): string[] {
  return [reason, from ?? NOTHING, to ?? NOTHING, name, step, count(packets)];
}
