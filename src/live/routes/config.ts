// The configuration: which there is, whether another is right, and putting it in the place.

import { z } from "zod";
import type { ConfigIssue } from "../../config/issue.ts";
import { loadConfig } from "../../config/load.ts";
import { natModes } from "../../nat/modes.ts";
import { wholeNumber, yesOrNo } from "../api/parameters.ts";
import { notReady } from "../api/perform.ts";
import { Problem } from "../api/problem.ts";
import { CONFIGURATION, route } from "../api/route.ts";

const place = z.strictObject({ file: z.string(), line: z.int(), column: z.int() });
const issues = z.array(
  z.strictObject({
    code: z.string(),
    severity: z.enum(["error", "warning"]),
    path: z.string(),
    place,
    message: z.string(),
    hint: z.string(),
    other: z.strictObject({ path: z.string(), place }).optional(),
  }),
);
const GENERATION_MAX = 1_000_000_000;
const time = z.iso.datetime().describe("UTC");
const notices = z.array(z.string()).describe("what the operator should know");
const saved = z.boolean().describe("whether the file says the same now");

export const currentConfig = z.strictObject({
  text: z.string().describe("as it came, from the file or by the API"),
  generation: z.int().describe("counts what was applied since the start, from 1"),
  appliedAt: time,
  cause: z.string(),
  file: z.string(),
  inFile: z.boolean().describe("whether the file says the same"),
  confirmBy: time.nullable().describe("when it goes if nobody confirms it"),
});

export const applied = z.strictObject({
  generation: z.int(),
  kept: z.int().describe("flows that live on"),
  ended: z.record(z.string(), z.int()).describe("flows that do not, by reason"),
  notices,
  issues: issues.describe("warnings"),
  millis: z.number(),
  confirmBy: time.nullable(),
  saved,
});

export const confirmed = z.strictObject({ generation: z.int(), saved, notices });

export const config = route({
  method: "get",
  path: "/v1/config",
  summary: "The configuration that the gateway has.",
  reply: currentConfig,
  handle: ({ gateway: { configurations, file } }) => {
    const { text, generation, appliedAt, cause } = configurations.current;
    return {
      text,
      generation,
      appliedAt: appliedAt.toISOString(),
      cause,
      file,
      inFile: configurations.isInFile(),
      confirmBy: configurations.confirmBy?.toISOString() ?? null,
    };
  },
});

export const validate = route({
  method: "post",
  path: "/v1/config/validate",
  summary: "Every mistake in a configuration, and nothing else is done with it.",
  body: CONFIGURATION,
  reply: z.strictObject({ valid: z.boolean(), issues }),
  early: true,
  handle: ({ body }) => {
    const { config, issues } = loadConfig(body, "API", natModes);
    return { valid: config !== undefined, issues };
  },
});

export const apply = route({
  method: "post",
  path: "/v1/config/apply",
  summary: "Has the gateway take a configuration; the file stays as it is unless told otherwise.",
  query: z.strictObject({
    confirmWithin: wholeNumber(1, 3600, "seconds until the one of before comes back").optional(),
    save: yesOrNo("whether to write it into the file").optional(),
  }),
  body: CONFIGURATION,
  reply: applied,
  problems: [409, 422],
  handle: async ({ gateway, query: { confirmWithin, save = false }, body }) => {
    const confirmWithinMillis = confirmWithin && confirmWithin * 1000;
    const outcome = await gateway.configurations.apply(body, { confirmWithinMillis, save });
    switch (outcome.kind) {
      case "applied": {
        const { generation, applied, issues, confirmBy, saved } = outcome;
        const ended = Object.fromEntries(applied.ended);
        const times = { confirmBy: confirmBy?.toISOString() ?? null, saved };
        return { generation, ...applied, ended, issues, ...times };
      }
      case "invalid": {
        throw invalid(outcome.issues);
      }
      case "refused":
        throw new Problem(409, outcome.message, { kind: "refused-configuration" });
      default:
        throw notReady("The gateway stops.");
    }
  },
});

export const confirm = route({
  method: "post",
  path: "/v1/config/confirm",
  summary: "The configuration that waits for it stays.",
  query: z.strictObject({
    generation: wholeNumber(
      1,
      GENERATION_MAX,
      "of the one that is meant, as it was told when applied; whichever waits if absent",
    ).optional(),
  }),
  reply: confirmed,
  problems: [409],
  handle: async ({ gateway, query }) => {
    const outcome = await gateway.configurations.confirm(query.generation);
    switch (outcome.kind) {
      case "confirmed": {
        const { generation, saved, notices } = outcome;
        return { generation, saved, notices };
      }
      case "another": {
        const { generation } = outcome;
        const detail = `Configuration ${generation} waits for it, and not ${query.generation}.`;
        throw new Problem(409, detail, { kind: "another-configuration", more: { generation } });
      }
      default:
        throw new Problem(409, "There is none, or it has gone already.", {
          kind: "nothing-to-confirm",
        });
    }
  },
});

/** Of a configuration that is wrong. */
export function invalid(issues: readonly ConfigIssue[]): Problem {
  const errors = issues.filter(({ severity }) => severity === "error");
  const detail = `${errors[0]?.message} (${errors.length} in all)`;
  return new Problem(422, detail, { kind: "invalid-configuration", more: { issues } });
}
