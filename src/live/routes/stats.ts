// What has been counted since the start.

import { z } from "zod";
import { route } from "../api/route.ts";
import { counters } from "./interfaces.ts";

const count = z.int();

export const counted = z.strictObject({
  generation: z.int().describe("of the configuration"),
  uptimeSeconds: z.number().describe("since the gateway was started"),
  received: count,
  sent: count,
  fast: count.describe("of those sent, by the fast path"),
  consumed: count.describe("for the gateway itself"),
  waiting: count.describe("at the moment: for a fragment, or for a neighbor"),
  answered: count.describe("ICMP errors of the gateway's own; not among those sent"),
  pieces: count.describe("fragments beyond the first of a packet that was cut"),
  dropped: z.record(z.string(), count).describe("by reason: docs/drops.md"),
  pairs: z.array(
    z.strictObject({
      from: z.string(),
      to: z.string(),
      packets: count,
      bytes: count,
      dropped: count,
      flows: count.describe("made since the start"),
    }),
  ),
  held: z
    .strictObject({ flows: count, mappings: count, hosts: count, datagrams: count })
    .describe("at the moment; flows that are over and rest included"),
  flowCapacity: count.describe("most flows, of each address family"),
  interfaces: z.record(z.string(), counters),
});

export const stats = route({
  method: "get",
  path: "/v1/stats",
  summary: "Counts since the start: received = sent + consumed + dropped + waiting.",
  reply: counted,
  handle: async ({ gateway }) => {
    const all = await gateway.ask("stats", {});
    const { dropped, ...counts } = all.gateway;
    return {
      generation: gateway.configurations.current.generation,
      uptimeSeconds: gateway.uptimeSeconds,
      ...counts,
      dropped: Object.fromEntries(dropped),
      held: all.tracked,
      flowCapacity: all.flowCapacity,
      interfaces: Object.fromEntries(all.interfaces),
    };
  },
});
