// From what came to what a route takes, and to its answer.

import type { z } from "zod";
import type { ApiGateway } from "./gateway.ts";
import { Problem } from "./problem.ts";
import { CONFIGURATION, type Route } from "./route.ts";

const JSON_TYPE = "application/json";

export interface Received {
  /** Names and values, text or lists of text. */
  readonly query: unknown;
  /** Text, or undefined when there was none. */
  readonly body: unknown;
  readonly mediaType: string | undefined;
}

/** Throws a Problem. */
export async function perform(
  route: Route,
  gateway: ApiGateway | undefined,
  received: Received,
): Promise<unknown> {
  if (gateway === undefined && !route.early) throw notReady("The gateway starts.");
  const query = checkQuery(route, received.query);
  const body = checkBody(route, received);
  return route.handle({ gateway, query, body } as never);
}

export function notReady(detail: string): Problem {
  return new Problem(503, detail, { kind: "not-ready", headers: { "retry-after": "1" } });
}

function checkQuery({ query }: Route, given: unknown): unknown {
  const values = { ...(given as object) };
  if (query) return check(query, values, "query");
  const [name] = Object.keys(values);
  if (name === undefined) return {};
  throw new Problem(400, "Nothing can be chosen by a query here.");
}

function checkBody({ body: wanted }: Route, { body, mediaType }: Received): unknown {
  if (wanted === undefined) return undefined;
  if (typeof body !== "string" || body === "") throw new Problem(400, "The body is missing.");
  if (wanted === CONFIGURATION) return body;
  if (mediaType !== JSON_TYPE) throw new Problem(415, `Send ${JSON_TYPE}.`);
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    throw new Problem(400, `The body is not JSON: ${(error as Error).message}.`);
  }
  return check(wanted, value, "body");
}

function check(schema: z.ZodType, value: unknown, where: string): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const errors = result.error.issues.map(({ path, message }) => ({
    at: path.join("."),
    message,
  }));
  const detail = errors
    .slice(0, 5)
    .map(({ at, message }) => (at === "" ? message : `${at}: ${message}`))
    .join("; ");
  throw new Problem(400, `The ${where} is wrong: ${detail}.`, { more: { errors } });
}
