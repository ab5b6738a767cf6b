// What another configuration would do.

import { z } from "zod";
import { loadConfig } from "../../config/load.ts";
import { compareConfigs } from "../../insight/plan/plan.ts";
import { finish } from "../../insight/work.ts";
import { natModes } from "../../nat/modes.ts";
import { CONFIGURATION, route } from "../api/route.ts";
import { invalid } from "./config.ts";
import { place } from "./peerings.ts";

const count = z.int();
const named = z.strictObject({ label: z.string(), place });
const fates = {
  kept: count.describe("flows that would go on"),
  retranslated: count.describe("that would end, and pass with another translation if opened again"),
  ended: count.describe("that would end otherwise"),
  reasons: z.record(z.string(), count).describe("why, of both: docs/running.md"),
};

export const planReport = z.strictObject({
  generation: z.int().describe("of the configuration that it was compared with"),
  changes: z.array(
    z.strictObject({
      kind: z.enum(["added", "removed", "changed"]),
      what: z.enum(["vpc", "peering", "settings"]),
      name: z.string(),
      details: z.array(z.strictObject({ text: z.string(), place: place.nullable() })),
      place: place
        .nullable()
        .describe("of what goes, in the running configuration; so are those of details"),
    }),
  ),
  flows: z.strictObject(fates),
  peerings: z.array(z.strictObject({ peering: z.string(), ...fates })),
  pools: z
    .array(
      z.strictObject({
        expose: named,
        protocol: z.int().describe("number of the IP protocol"),
        kept: count.describe("public endpoints held by flows that stay"),
        again: count.describe("wanted by flows that are opened again: at most"),
        capacity: count,
        missing: count.describe("0: there are enough"),
      }),
    )
    .describe("the fullest first"),
  shadows: z
    .array(
      z.strictObject({
        from: z.string().describe("VPC of the sender"),
        addresses: z.string(),
        protocol: z.int().nullable(),
        winner: named,
        loser: named,
      }),
    )
    .describe("exposes that would newly take packets from others"),
  deadRules: z
    .array(z.strictObject({ rule: named, peering: z.string(), by: z.array(named) }))
    .describe("ACL rules that would never be reached"),
  notices: z.array(z.string()).describe("what the gateway cannot do while it runs"),
});

export const plan = route({
  method: "post",
  path: "/v1/config/plan",
  summary: "What the gateway would do with a configuration; nothing is done.",
  body: CONFIGURATION,
  reply: planReport,
  problems: [422],
  handle: async ({ gateway, body }) => {
    const { config, issues } = loadConfig(body, "API", natModes);
    if (config === undefined) throw invalid(issues);
    const { current } = gateway.configurations;
    const flows = await gateway.ask("plan", config);
    // This thread carries no packets.
    return { ...flows, ...finish(compareConfigs(current.config, config)) };
  },
});
