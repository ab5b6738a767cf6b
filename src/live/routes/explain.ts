// What would become of a packet if it came now, and of others behind it, and why.

import { z } from "zod";
import { type NextPacket, readNext, readPacket } from "../../insight/explain/next-packet.ts";
import { NotationError } from "../../wire/notation.ts";
import { Problem } from "../api/problem.ts";
import { route } from "../api/route.ts";
import { place } from "./peerings.ts";

/** Enough for the bytes of the longest packet in hexadecimal digits. */
const PACKET_CHARACTERS = 140_000;
/** The data path carries nothing else while it tries them. */
const PACKETS_MAX = 8;
/** Of all packets together: each step looks at all bytes. Enough for the longest packet. */
const BYTES_MAX = 65_575;

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

const explanation = z.strictObject({
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

/** Of the first packet, and of those behind it where there are. */
// biome-ignore lint/suspicious/noThenProperty: a list, which nobody waits for
export const explanations = explanation.extend({ then: z.array(explanation).optional() });

const packetText = z.string().max(PACKET_CHARACTERS);

export const explain = route({
  method: "post",
  path: "/v1/explain",
  summary:
    "What would become of a packet if it came now, and of others behind it, step by step; nothing of it stays.",
  body: z.strictObject({
    from: z.string().max(256).describe("VPC that it comes from"),
    packet: packetText.describe(
      'in notation (docs/stories.md), or "hex" and the bytes of an IP packet',
    ),
    // biome-ignore lint/suspicious/noThenProperty: a list, which nobody waits for
    then: z
      .array(packetText)
      .max(PACKETS_MAX - 1, { error: `there may be ${PACKETS_MAX} packets in all` })
      .optional()
      .describe(
        'packets behind it: "reply" for the answer to the last one, or a packet, behind "VPC: " ' +
          "if it does not come from where the last one went",
      ),
  }),
  reply: explanations,
  handle: async ({ gateway, body: { from, packet, then } }) => {
    const first = { from, packet: { given: packet, frame: read(packet, readPacket) } };
    const packets = [first, ...(then ?? []).map((text) => read(text, readLive))];
    const names = gateway.configurations.current.config.vpcs.map(({ name }) => name);
    for (const each of packets) {
      if (each.from === undefined || names.includes(each.from)) continue;
      throw new Problem(400, `There is no VPC "${each.from}"; there are ${names.join(", ")}.`);
    }
    const bytes = packets.reduce((sum, each) => sum + (each.packet?.frame.length ?? 0), 0);
    if (bytes > BYTES_MAX) {
      throw new Problem(
        400,
        `The packets have ${bytes} bytes; all may have ${BYTES_MAX} together.`,
      );
    }
    const reply = await gateway.ask("explain", { packets });
    if ("refused" in reply) throw new Problem(400, reply.refused);
    const [one, ...others] = reply;
    // biome-ignore lint/suspicious/noThenProperty: a list, which nobody waits for
    return { ...one!, ...(then && { then: others }) };
  },
});

function readLive(text: string): NextPacket {
  const next = readNext(text);
  if (!("waitMillis" in next)) return next;
  throw new Error(`A gateway that runs has its own time: "${text}" is for a configuration.`);
}

function read<T>(text: string, reader: (text: string) => T): T {
  try {
    return reader(text);
  } catch (error) {
    const { message } = error as Error;
    throw new Problem(
      400,
      error instanceof NotationError ? `The packet cannot be read: ${message}` : message,
    );
  }
}
