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
  natLog: z
    .array(
      z.strictObject({
        kind: z.enum(["file", "syslog", "ipfix"]),
        place: z.string().describe("a path or a URL"),
        open: z.boolean().describe("whether the configuration in force names it"),
        records: count.describe("handed to it"),
        notTaken: count.describe("of those, lost: the disk or the network did not take them"),
        overrun: count.describe("lost before, as the gateway's main thread did not keep up"),
        trouble: z.nullable(z.string()).describe("why it did not take the last ones"),
      }),
    )
    .describe("places that there were since the start"),
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
      natLog: gateway.natLog.read().map((place) => ({ ...place, trouble: place.trouble ?? null })),
    };
  },
});
