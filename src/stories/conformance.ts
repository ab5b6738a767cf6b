// How the gateway stands to the requirements of an RFC: a table with a row for each, and the
// stories that show it. The tables are YAML files, in tests/conformance/.

import { parseDocument } from "yaml";
import { z } from "zod";

const LEVELS = ["MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "RECOMMENDED", "MAY"] as const;
const STATUSES = ["met", "not met", "by choice", "not applicable"] as const;

const requirementShape = z.strictObject({
  id: z.string().min(1),
  level: z.enum(LEVELS),
  words: z.string().min(1),
  status: z.enum(STATUSES),
  reason: z.string().min(1).optional(),
  stories: z.array(z.string().min(1)).default([]),
});

const tableShape = z.strictObject({
  rfc: z.int(),
  title: z.string().min(1),
  note: z.string().min(1).optional(),
  requirements: z.array(requirementShape).min(1),
});

export type Requirement = Readonly<z.infer<typeof requirementShape>>;
export type RequirementStatus = (typeof STATUSES)[number];
export type ConformanceTable = Readonly<z.infer<typeof tableShape>>;

/** Reads a table; throws an Error with a sentence for the first thing that is wrong with it. */
export function readConformance(text: string, file: string): ConformanceTable {
  const document = parseDocument(text);
  const [broken] = document.errors;
  if (broken) throw new Error(`${file}: ${broken.message.split("\n")[0]}`);
  const { data, error } = tableShape.safeParse(document.toJS());
  if (error) {
    const [issue] = error.issues;
    throw new Error(`${file}: ${issue?.path.join(".")}: ${issue?.message}`);
  }
  const problem = problemOf(data.requirements);
  if (problem) throw new Error(`${file}: ${problem}`);
  return data;
}

function problemOf(requirements: readonly Requirement[]): string | undefined {
  const seen = new Set<string>();
  for (const { id, status, reason, stories } of requirements) {
    if (seen.has(id)) return `${id} has two rows`;
    seen.add(id);
    if (status === "met" && stories.length === 0) return `${id} is met, but no story shows it`;
    if (status !== "met" && reason === undefined)
      return `${id} is ${status}, but no reason is said`;
  }
  return undefined;
}

/** What may not be left out, and is. */
export function unmetMusts({ requirements }: ConformanceTable): readonly Requirement[] {
  return requirements.filter(
    ({ level, status }) => level.startsWith("MUST") && status === "not met",
  );
}

/** How many rows have which status; statuses without rows are left out. */
export function countStatuses({ requirements }: ConformanceTable): Map<RequirementStatus, number> {
  const counts = STATUSES.map((status) => {
    const count = requirements.filter((each) => each.status === status).length;
    return [status, count] as const;
  });
  return new Map(counts.filter(([, count]) => count > 0));
}
