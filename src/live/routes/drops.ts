// What did not arrive: counted, the last packets of each kind, and these as a capture.

import { z } from "zod";
import { samplesAsPcapng } from "../../insight/drops/pcapng.ts";
import type { DropSample } from "../../insight/drops/samples.ts";
import { listOf, whole } from "../api/lists.ts";
import { wholeNumber } from "../api/parameters.ts";
import { route } from "../api/route.ts";
import { place } from "./peerings.ts";

const LIMIT = 100;
/** Together they are handed over between two turns. */
const LIMIT_MAX = 500;
const PCAPNG = "application/x-pcapng";

const count = z.int();
const vpc = z.string().nullable().describe("null: there was none, or it was not known yet");
const words = {
  sentence: z.string().describe("what happened"),
  advice: z.string().describe("what to do about it"),
};
const iface = z.string().describe("that it came by");
const step = z.string().describe("of the data path, that dropped it");

export const dropCell = z.strictObject({
  reason: z.string(),
  step,
  interface: iface,
  from: vpc,
  to: vpc,
  count,
});

export const driverDrop = z.strictObject({
  interface: z.string(),
  reason: z.string(),
  ...words,
  count,
});

export const dropReport = z.strictObject({
  total: count.describe("packets that the gateway dropped"),
  reasons: z.array(z.strictObject({ reason: z.string(), ...words, count })),
  pairs: z.array(z.strictObject({ from: vpc, to: vpc, count })),
  interfaces: z.array(z.strictObject({ interface: iface, count })),
  steps: z.array(z.strictObject({ step, count })),
  cells: z.array(dropCell).describe("all of it, the most first"),
  elsewhere: count.describe("of reasons, what is in no other list: all counters were taken"),
  lostByDrivers: count.describe("frames that never came in, or did not get out; not of total"),
  drivers: z.array(driverDrop),
  notices: z.array(z.string()),
});

const decision = z.strictObject({ label: z.string(), place }).nullable();

export const dropSample = z.strictObject({
  number: z.int().describe("counts samples since the start"),
  time: z.iso.datetime().describe("UTC, when it was dropped"),
  reason: z.string(),
  ...words,
  step,
  interface: iface,
  from: vpc,
  to: vpc,
  peering: z.string().nullable(),
  source: decision.describe("expose of the sender's side"),
  destination: decision.describe("expose of the receiver's side"),
  acl: decision.describe("rule of the ACL"),
  packet: z.string().describe("in notation; empty when it could not be read"),
  around: z.string().describe("the headers before the packet, or what there is without one"),
  link: z.enum(["ethernet", "raw-ip", "unknown"]).describe("how frame starts"),
  frame: z.string().describe("its first 256 bytes at most, in hexadecimal, tunnel included"),
  length: z.int().describe("bytes that it had in all"),
});

/** `epochMillis`: since 1970, when the clock that stamps samples was 0. */
export function timedSample({ millis, ...rest }: DropSample, epochMillis: number) {
  return { ...rest, time: new Date(epochMillis + millis).toISOString() };
}

const name = z.string().max(256);
const filter = z.strictObject({
  reason: name.optional(),
  from: name.describe("VPC of the sender").optional(),
  to: name.describe("VPC that it was to").optional(),
  interface: name.optional(),
  limit: wholeNumber(1, LIMIT_MAX, `most samples, the newest; ${LIMIT} if absent`).optional(),
});

export const drops = route({
  method: "get",
  path: "/v1/drops",
  summary: "What was dropped since the start: why, between whom, where it came, at which step.",
  reply: dropReport,
  handle: ({ gateway }) => gateway.ask("drops", {}),
});

export const samples = route({
  method: "get",
  path: "/v1/drops/samples",
  summary: "The last packets that were dropped, eight of each reason between two VPCs at most.",
  query: filter,
  reply: listOf(dropSample),
  handle: async ({ gateway, query }) => {
    const { samples: found, epochMillis } = await gateway.ask("dropSamples", query);
    return whole(found.map((sample) => timedSample(sample, epochMillis)));
  },
});

export const samplesFile = route({
  method: "get",
  path: "/v1/drops/samples.pcapng",
  summary: "The same as a capture; each packet has its explanation as a comment.",
  query: filter,
  reply: PCAPNG,
  handle: async ({ gateway, query }) => {
    const { samples: found, epochMillis } = await gateway.ask("dropSamples", query);
    return samplesAsPcapng(found, epochMillis);
  },
});
