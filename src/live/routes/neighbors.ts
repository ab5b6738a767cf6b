// Hosts, routers and VTEPs next to the gateway.

import { z } from "zod";
import { listOf, whole } from "../api/lists.ts";
import { route } from "../api/route.ts";

export const neighbor = z.strictObject({
  vpc: z.string(),
  interface: z.string().nullable().describe("that it is on; null for one in a tunnel"),
  address: z.string(),
  mac: z.string().nullable(),
  vtep: z.string().nullable().describe("that it is behind"),
  state: z.enum(["known", "asked", "unknown"]),
  route: z.boolean().describe("whether a route leads through it"),
});

export const neighbors = route({
  method: "get",
  path: "/v1/neighbors",
  summary: "The neighbors in the VPCs: who has been asked for, and where they are.",
  query: z.strictObject({ vpc: z.string().max(256).describe("only of this VPC").optional() }),
  reply: listOf(neighbor),
  handle: async ({ gateway, query: { vpc } }) => {
    const all = await gateway.ask("neighbors", {});
    return whole(vpc === undefined ? all : all.filter((each) => each.vpc === vpc));
  },
});
