// The flows of the gateway.

import { z } from "zod";
import { FLOW_STATES, type FlowFilter, parseAddressOrPrefix } from "../../insight/flow-filter.ts";
import { isCursor } from "../../insight/flows.ts";
import { listOf } from "../api/lists.ts";
import { wholeNumber } from "../api/parameters.ts";
import { route } from "../api/route.ts";

const LIMIT = 100;
const LIMIT_MAX = 1000;
const PORT_MAX = 0xffff;
const SECONDS_MAX = 10_000_000;

export const vpc = z
  .string()
  .max(256)
  .describe("name of the VPC that opened it or of its peer")
  .optional();
export const address = z
  .string()
  .max(64)
  .refine((text) => parseAddressOrPrefix(text) !== undefined, "must be an IP address or a prefix")
  .describe("address or prefix, of either end, before or after translation")
  .optional();
export const protocol = z.enum(["tcp", "udp", "icmp"]).optional();
const state = z.enum(FLOW_STATES).optional();
const PORT = "of either end, before or after translation; of an ICMP query its identifier";
export const port = wholeNumber(0, PORT_MAX, PORT).optional();
const MIN_AGE = "seconds: those that are at least so old";
const MAX_AGE = "seconds: those that are at most so old";
const ENDS = "seconds: those that end within them when no packet comes";

const query = z.strictObject({
  vpc,
  address,
  port,
  protocol,
  state,
  endsWithin: wholeNumber(0, SECONDS_MAX, ENDS).optional(),
  minAge: wholeNumber(0, SECONDS_MAX, MIN_AGE).optional(),
  maxAge: wholeNumber(0, SECONDS_MAX, MAX_AGE).optional(),
  limit: wholeNumber(1, LIMIT_MAX, `most flows on a page; ${LIMIT} if absent`).optional(),
  cursor: z.string().refine(isCursor, "must be `next` of another page").optional(),
});

const body = z
  .strictObject({
    vpc,
    address,
    port: z.int().min(0).max(PORT_MAX).describe(PORT).optional(),
    protocol,
    state,
    endsWithin: z.int().min(0).max(SECONDS_MAX).describe(ENDS).optional(),
    minAge: z.int().min(0).max(SECONDS_MAX).describe(MIN_AGE).optional(),
    maxAge: z.int().min(0).max(SECONDS_MAX).describe(MAX_AGE).optional(),
    all: z.literal(true).describe("instead of all others: every flow").optional(),
  })
  .refine(
    ({ all, ...filter }) => (all === true) === (Object.keys(filter).length === 0),
    'must say which flows, or { "all": true } and nothing else',
  );

const both = z.tuple([z.int(), z.int()]);

export const flow = z.strictObject({
  from: z.string().describe("VPC of who opened it"),
  to: z.string(),
  peering: z.string().describe("that it goes by; empty when the VPCs are not joined any more"),
  original: z.string().describe("a packet of it as its opener sends it"),
  translated: z.string().describe("the same as the peer gets it"),
  state: z.enum(FLOW_STATES),
  packets: both.describe("by its opener, and by the peer; modulo 2^32"),
  bytes: both.describe("of IP packets; likewise"),
  ageMillis: z.int().describe("since its first packet"),
  endsInMillis: z.int().describe("how long it lives on when no packet comes"),
});

export const killed = z.strictObject({ killed: z.int() });

export const flows = route({
  method: "get",
  path: "/v1/flows",
  summary: "The flows that live, in pages.",
  query,
  reply: listOf(flow),
  handle: ({ gateway, query: { limit = LIMIT, cursor, ...rest } }) =>
    gateway.ask("flows", { filter: filterOf(rest), page: { limit, cursor } }),
});

export const killFlows = route({
  method: "post",
  path: "/v1/flows/kill",
  summary: "Ends flows; the next packet of one may open another.",
  body,
  reply: killed,
  handle: async ({ gateway, body: { all, ...rest } }) => ({
    killed: await gateway.ask("killFlows", filterOf(rest)),
  }),
});

interface Times {
  /** Seconds. */
  readonly endsWithin?: number | undefined;
  readonly minAge?: number | undefined;
  readonly maxAge?: number | undefined;
}

function filterOf({ endsWithin, minAge, maxAge, ...filter }: FlowFilter & Times): FlowFilter {
  return {
    ...filter,
    endsWithinMillis: millis(endsWithin),
    minAgeMillis: millis(minAge),
    maxAgeMillis: millis(maxAge),
  };
}

function millis(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}
