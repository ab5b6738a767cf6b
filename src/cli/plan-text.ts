// A plan for people.

import { protocolName } from "../wire/ip-protocol.ts";
import type { ApiPlan } from "./api-types.ts";
import { endSentence } from "./end-sentence.ts";
import { count, counted } from "./human.ts";
import type { CliIo } from "./io.ts";
import { bold, red, tableText, wrap } from "./print-table.ts";
import type { Column } from "./table.ts";

type Screen = Pick<CliIo, "colour" | "columns">;
type PoolNeed = ApiPlan["pools"][number];
type Named = PoolNeed["expose"];

const PEERINGS: readonly Column[] = [
  { title: "PEERING", cut: true },
  { title: "KEPT", right: true },
  { title: "RE-TRANSLATED", right: true },
  { title: "ENDED", right: true },
  { title: "WHY", cut: true, drop: 1 },
];
const POOLS: readonly Column[] = [
  { title: "POOL", cut: true },
  { title: "PROTO" },
  { title: "KEPT", right: true },
  { title: "AGAIN", right: true },
  { title: "CAPACITY", right: true },
  { title: "FILL", right: true },
  { title: "MISSING", right: true },
  { title: "WHERE", drop: 1 },
];
/** Pools less full than this part are not worth a line. */
const FULL = 0.8;
/** Lines of a part, at most; --json has all. */
const LINES = 20;

export function planText(report: ApiPlan, io: Screen): string {
  const parts = [
    part("CHANGES", report.changes.flatMap(changeLines), io),
    flowsText(report, io),
    poolsText(report.pools, io),
    part("EXPOSES THAT TAKE PACKETS FROM OTHERS", report.shadows.map(shadowText), io),
    part("RULES THAT ARE NEVER REACHED", report.deadRules.map(deadRuleText), io),
    part("NOTICES", report.notices, io),
  ];
  return parts.filter((text) => text !== "").join("\n");
}

function part(title: string, lines: readonly string[], io: Screen): string {
  if (lines.length === 0) return "";
  const more = lines.length - LINES;
  const shown = lines.slice(0, LINES).flatMap((line) => indented(line, io.columns));
  const rest = more > 0 ? [`… and ${more} more (--json)`] : [];
  return `${[bold(title, io), ...shown, ...rest].join("\n")}\n`;
}

/** What belongs to the line above begins with blanks, and keeps them. */
function indented(line: string, columns: number | undefined): string[] {
  const [blanks = ""] = /^ */.exec(line) ?? [];
  const width = columns === undefined ? undefined : columns - blanks.length;
  return wrap(line.slice(blanks.length), width, "  ").map((each) => blanks + each);
}

const SIGNS = { added: "+", removed: "-", changed: "~" } as const;

function changeLines({ kind, what, name, details, place }: ApiPlan["changes"][number]): string[] {
  return [
    `${SIGNS[kind]} ${what} ${name} ${kind}${at(place)}`,
    ...details.map((each) => `    ${each.text.replace(/\.$/, "")}${at(each.place)}.`),
  ];
}

function at(place: ApiPlan["changes"][number]["place"]): string {
  return place === null ? "" : ` (${place.file}:${place.line})`;
}

function flowsText({ flows, peerings }: ApiPlan, io: Screen): string {
  const { kept, retranslated, ended } = flows;
  const total = kept + retranslated + ended;
  if (total === 0) return `${bold("FLOWS", io)}\nThere are none.\n`;
  const rest = [`${count(retranslated)} re-translated`, `${count(ended)} ended`].map((text) =>
    retranslated + ended > 0 ? red(text, io) : text,
  );
  const reasons = reasonsOf(flows).map(
    ([reason, many]) => `  ${count(many)} ${reason}: ${endSentence(reason)}`,
  );
  const rows = peerings.map((each) => {
    const why = reasonsOf(each).map(([reason, many]) => `${reason} ${count(many)}`);
    const numbers = [each.kept, each.retranslated, each.ended].map(count);
    return [each.peering, ...numbers, why.join(", ")];
  });
  return [
    bold("FLOWS", io),
    `Of ${counted(total, "flow")}: ${count(kept)} kept, ${rest.join(", ")}.`,
    ...reasons.flatMap((line) => indented(line, io.columns)),
    "",
    tableText(PEERINGS, rows, io),
  ].join("\n");
}

function reasonsOf({ reasons }: ApiPlan["flows"]): [string, number][] {
  return Object.entries(reasons).sort((a, b) => b[1] - a[1]);
}

function poolsText(pools: readonly PoolNeed[], io: Screen): string {
  const fill = ({ kept, again, capacity }: ApiPlan["pools"][number]) =>
    (kept + again) / Math.max(1, capacity);
  const full = pools.filter((pool) => fill(pool) >= FULL);
  if (full.length === 0) return "";
  const rows = full.slice(0, LINES).map((pool) => {
    const { expose, protocol, kept, again, capacity, missing } = pool;
    const percent = `${Math.round(100 * fill(pool))}%`;
    const numbers = [count(kept), count(again), count(capacity), percent, count(missing)];
    return [expose.label, protocolName(protocol), ...numbers, where(expose)];
  });
  const dry = full.filter(({ missing }) => missing > 0).length;
  const said = dry > 0 ? red(`${counted(dry, "pool")} would run dry.`, io) : "Nearly full:";
  return `${bold("POOLS", io)}\n${said}\n${tableText(POOLS, rows, io)}`;
}

function where({ place }: Named): string {
  return `${place.file}:${place.line}`;
}

function named(each: Named): string {
  return `${each.label} (${where(each)})`;
}

function shadowText({ from, addresses, protocol, winner, loser }: ApiPlan["shadows"][number]) {
  const what = protocol === null ? addresses : `${protocolName(protocol)} ${addresses}`;
  return `For hosts of ${from}, ${named(winner)} takes ${what} from ${named(loser)}.`;
}

function deadRuleText({ rule, peering, by }: ApiPlan["deadRules"][number]): string {
  return `In ${peering}, ${named(rule)}: all of its packets are taken by ${by.map(named).join(", ")}.`;
}
