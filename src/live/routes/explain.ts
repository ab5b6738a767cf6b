// What would become of a packet if it came now, and why.

import { z } from "zod";
import { readPacket } from "../../insight/explain/session.ts";
import { NotationError } from "../../wire/notation.ts";
import { Problem } from "../api/problem.ts";
import { route } from "../api/route.ts";
import { place } from "./peerings.ts";

/** Enough for the bytes of the longest packet in hexadecimal digits. */
const PACKET_CHARACTERS = 140_000;

const said = z.string();
const decision = z.strictObject({ label: said, place });
const changes = z.array(z.strictObject({ field: said, before: said, after: said }));
const way = z.tuple([said, said]).describe("as it comes, and as it leaves");

const step = z.strictObject({
  step: said,
  looked: said.describe("what it looks at"),
  decided: said.describe("what it found or did; empty where it let the packet pass"),
  decisions: z.array(decision.extend({ of: z.enum(["source", "destination", "acl"]) })),
  changes,
});

export const explanation = z.strictObject({
  given: said,
  from: said.describe("VPC"),
  steps: z.array(step),
  verdict: said.describe("sent, held (for a neighbor), consumed, or why it is dropped"),
  to: said.optional(),
  peering: said.optional(),
  sent: z.array(said).describe("one packet, or its pieces"),
  changes,
  flow: z
    .strictObject({
      made: z.boolean().describe("whether the packet would open it"),
      original: way,
      reply: way,
      state: said,
      endsInMillis: z.int(),
    })
    .optional(),
  answers: z
    .array(z.strictObject({ to: said, packet: said }))
    .describe("ICMP errors that the gateway would send"),
  drop: z
    .strictObject({
      reason: said,
      step: said,
      sentence: said,
      advice: said,
      nearest: z
        .array(z.strictObject({ text: said, decision: decision.optional() }))
        .describe("what came closest to letting it pass"),
    })
    .optional(),
});

export const explain = route({
  method: "post",
  path: "/v1/explain",
  summary: "What would become of a packet if it came now, step by step; nothing of it stays.",
  body: z.strictObject({
    from: z.string().max(256).describe("VPC that it comes from"),
    packet: z
      .string()
      .max(PACKET_CHARACTERS)
      .describe('in notation (docs/stories.md), or "hex" and the bytes of an IP packet'),
  }),
  reply: explanation,
  handle: async ({ gateway, body: { from, packet: given } }) => {
    const frame = read(given);
    const names = gateway.configurations.current.config.vpcs.map(({ name }) => name);
    if (!names.includes(from)) {
      throw new Problem(400, `There is no VPC "${from}"; there are ${names.join(", ")}.`);
    }
    const reply = await gateway.ask("explain", { from, frame, given });
    if ("refused" in reply) throw new Problem(400, `This cannot be told: ${reply.refused}.`);
    return reply;
  },
});

function read(text: string): Uint8Array {
  try {
    return readPacket(text);
  } catch (error) {
    const { message } = error as Error;
    throw new Problem(
      400,
      error instanceof NotationError ? `The packet cannot be read: ${message}` : message,
    );
  }
}
