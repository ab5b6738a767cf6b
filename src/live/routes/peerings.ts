// Which pairs of VPCs may talk, and what passed between them.

import { z } from "zod";
import type { Expose, Peering } from "../../config/model.ts";
import type { PairCount } from "../../gateway/gateway.ts";
import { formatPrefixPorts } from "../../wire/prefix-ports.ts";
import { listOf, whole } from "../api/lists.ts";
import { route } from "../api/route.ts";

export const place = z.strictObject({ file: z.string(), line: z.int(), column: z.int() });
const prefixes = z.array(z.string());
const expose = z.strictObject({
  kind: z.enum(["plain", "default", "nat"]),
  mode: z.string().nullable().describe("how addresses are translated; null: not"),
  privates: prefixes.describe("as hosts of the VPC have them"),
  publics: prefixes.describe("as the peer sees them"),
  place,
});
const side = z.strictObject({
  vpc: z.string(),
  hairpin: z.boolean(),
  exposes: z.array(expose),
  sent: z
    .strictObject({ packets: z.int(), bytes: z.int(), dropped: z.int() })
    .describe("by this side to the other, since the start; bytes of IP packets"),
});

export const peering = z.strictObject({
  name: z.string(),
  sides: z.array(side).describe("two"),
  aclRules: z.int().nullable().describe("how many; null: it has no ACL"),
  place,
});

export const peerings = route({
  method: "get",
  path: "/v1/peerings",
  summary: "The peerings, in the order of names.",
  reply: listOf(peering),
  handle: async ({ gateway }) => {
    const { pairs } = (await gateway.ask("stats", {})).gateway;
    const { config } = gateway.configurations.current;
    return whole(config.peerings.map((peering) => describe(peering, pairs)));
  },
});

function describe({ name, sides, acl, place }: Peering, pairs: readonly PairCount[]) {
  return {
    name,
    sides: sides.map(({ vpc, hairpin, exposes }, index) => {
      const peer = sides[1 - index]?.vpc;
      const count = pairs.find(({ from, to }) => from === vpc && to === peer);
      const { packets = 0, bytes = 0, dropped = 0 } = count ?? {};
      const sent = { packets, bytes, dropped };
      return { vpc, hairpin, exposes: exposes.map(describeExpose), sent };
    }),
    aclRules: acl ? acl.rules.length : null,
    place,
  };
}

function describeExpose(expose: Expose) {
  const { kind, place } = expose;
  return {
    kind,
    mode: kind === "nat" ? expose.mode : null,
    privates: kind === "default" ? [] : expose.privates.map(formatPrefixPorts),
    publics: kind === "nat" ? expose.publics.map(formatPrefixPorts) : [],
    place,
  };
}
