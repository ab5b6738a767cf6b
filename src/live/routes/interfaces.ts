// The interfaces that the gateway drives.

import { z } from "zod";
import { listOf, whole } from "../api/lists.ts";
import { route } from "../api/route.ts";

const frames = z.int();

export const counters = z
  .strictObject({
    received: frames,
    receiveDrops: frames.describe("lost as nobody took them in time"),
    receiveTooLong: frames,
    receiveErrors: frames,
    transmitted: frames,
    transmitDrops: frames,
    transmitTooLong: frames,
  })
  .describe("frames since the start");

export const interfaceState = z.strictObject({
  name: z.string(),
  vpc: z.string().nullable().describe("null for the underlay"),
  driver: z.string(),
  state: z.enum(["up", "down", "closed"]).describe("closed: it cannot be driven"),
  mac: z.string().nullable(),
  mtuBytes: z.int().nullable(),
  counters,
});

export const interfaces = route({
  method: "get",
  path: "/v1/interfaces",
  summary: "The interfaces, as the configuration names them and as they are.",
  reply: listOf(interfaceState),
  handle: async ({ gateway }) => whole(await gateway.ask("interfaces", {})),
});
