// Hosts, routers and VTEPs next to the gateway.

import { z } from "zod";
import { listOf } from "../api/lists.ts";
import { wholeNumber } from "../api/parameters.ts";
import { route } from "../api/route.ts";

const LIMIT = 100;
const LIMIT_MAX = 1000;
const NUMBER_MAX = 10_000_000;

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
  summary: "The neighbors in the VPCs: who has been asked for, and where they are; in pages.",
  query: z.strictObject({
    vpc: z.string().max(256).describe("only of this VPC").optional(),
    limit: wholeNumber(1, LIMIT_MAX, `most neighbors on a page; ${LIMIT} if absent`).optional(),
    cursor: wholeNumber(0, NUMBER_MAX, "`next` of another page").optional(),
  }),
  reply: listOf(neighbor),
  handle: async ({ gateway, query: { vpc, limit = LIMIT, cursor = 0 } }) => {
    const { items, next } = await gateway.ask("neighbors", { vpc, first: cursor, most: limit });
    return { items: [...items], next: next === null ? null : String(next) };
  },
});
