// `isthmus conformance [RFC…]`: how the gateway stands to each requirement of the RFCs about NAT.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import {
  type ConformanceTable,
  countStatuses,
  type Requirement,
  readConformance,
  unmetMusts,
} from "../../stories/conformance.ts";
import type { CliIo } from "../io.ts";

/** In the repository, and copied there into the package. */
const TABLES = fileURLToPath(new URL("../../../tests/conformance/", import.meta.url));

export function registerConformance(program: Command, io: CliIo): void {
  program
    .command("conformance")
    .description("how the gateway stands to the RFCs about NAT; exit 1 when a MUST is not met")
    .argument("[rfc...]", "only these, such as 4787")
    .option("--json", "print the rows as JSON")
    .action((wanted: string[], options: { json?: boolean }) =>
      conformance(wanted, options.json === true, io),
    );
}

/** Every table there is, by RFC. */
export function conformanceTables(): ConformanceTable[] {
  const files = readdirSync(TABLES).filter((file) => file.endsWith(".yaml"));
  return files
    .map((file) => readConformance(readFileSync(TABLES + file, "utf8"), TABLES + file))
    .sort((a, b) => a.rfc - b.rfc);
}

function conformance(wanted: readonly string[], json: boolean, io: CliIo): void {
  const all = conformanceTables();
  const numbers = wanted.map((word) => Number(word.replace(/^rfc ?/i, "")));
  const unknown = wanted.find((_, index) => !all.some(({ rfc }) => rfc === numbers[index]));
  if (unknown !== undefined) {
    io.err(`No table is about "${unknown}"; there are ${all.map(({ rfc }) => rfc).join(", ")}.\n`);
    io.exit(1);
    return;
  }
  const tables = all.filter(({ rfc }) => numbers.length === 0 || numbers.includes(rfc));
  if (json) io.out(`${JSON.stringify(tables.flatMap(plainRows), null, 2)}\n`);
  else io.out(`${tables.map(show).join("\n")}\n${tables.map(summary).join("")}`);
  if (tables.some((table) => unmetMusts(table).length > 0)) io.exit(1);
}

/** The fields outsiders rely on; null where there is nothing to say. */
function plainRows({ rfc, requirements }: ConformanceTable) {
  return requirements.map(({ id, level, status, words, reason, stories }) => ({
    ...{ rfc, id, level, status, words },
    ...{ reason: reason ?? null, stories },
  }));
}

function show({ rfc, title, requirements }: ConformanceTable): string {
  const width = Math.max(...requirements.map(({ id }) => id.length));
  const rows = requirements.map((each) => showRow(each, width));
  return `RFC ${rfc}  ${title}\n\n${rows.join("")}`;
}

const LEVEL_WIDTH = "RECOMMENDED".length;
const STATUS_WIDTH = "not applicable".length;

function showRow(requirement: Requirement, idWidth: number): string {
  const { id, level, status, words, reason, stories } = requirement;
  const cells = [id.padEnd(idWidth), level.padEnd(LEVEL_WIDTH), status.padEnd(STATUS_WIDTH)];
  const head = `${cells.join("  ")}  `;
  const more = [reason, ...stories.map((story) => `story: ${story}`)];
  const said = more.flatMap((line) => (line === undefined ? [] : [" ".repeat(head.length) + line]));
  return `${[head + words, ...said].join("\n")}\n`;
}

function summary(table: ConformanceTable): string {
  const counts = [...countStatuses(table)].map(([status, count]) => `${count} ${status}`);
  const open = unmetMusts(table).map(({ id }) => id);
  const musts = open.length > 0 ? `; MUST and not met: ${open.join(", ")}` : "";
  return `RFC ${table.rfc}: ${counts.join(", ")}${musts}\n`;
}
