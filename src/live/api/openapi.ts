// The page of the API for programs (OpenAPI 3.1), made of the routes.

import { STATUS_CODES } from "node:http";
import { z } from "zod";
import { PROBLEM_TYPE } from "./problem.ts";
import { CONFIGURATION, type Route } from "./route.ts";

type Json = Readonly<Record<string, unknown>>;

/** Statuses that any request may get. */
const ANY = [400, 401, 403, 404, 405, 408, 413, 415, 421, 431, 500, 503, 504];

export function openApi(routes: readonly Route[]): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method]: operation(route) };
  }
  return {
    openapi: "3.1.0",
    info: { title: "Isthmus, a running gateway", version: "1" },
    paths,
    components: {
      schemas: { Problem: PROBLEM },
      responses: {
        Problem: { description: "RFC 9457", content: { [PROBLEM_TYPE]: { schema: REF } } },
      },
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
    },
    // By TCP, where there is a token.
    security: [{}, { token: [] }],
  };
}

const REF = { $ref: "#/components/schemas/Problem" };
const PROBLEM: Json = {
  type: "object",
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
  },
  required: ["type", "title", "status", "detail"],
};

function operation({ summary, query, body, reply, problems = [] }: Route): Json {
  const statuses = [...new Set([...ANY, ...problems])].sort((a, b) => a - b);
  const content =
    typeof reply === "string"
      ? { [reply]: { schema: { type: "string" } } }
      : { "application/json": { schema: schemaOf(reply, "input") } };
  return {
    summary,
    parameters: query ? parameters(query) : [],
    ...(body && { requestBody: { required: true, content: bodyContent(body) } }),
    responses: {
      200: { description: "OK", content },
      ...Object.fromEntries(
        statuses.map((status) => [
          status,
          { description: STATUS_CODES[status], content: { [PROBLEM_TYPE]: { schema: REF } } },
        ]),
      ),
    },
  };
}

function bodyContent(body: z.ZodType | typeof CONFIGURATION): Json {
  if (body !== CONFIGURATION) return { "application/json": { schema: schemaOf(body, "input") } };
  const description = "a configuration, as in a file: isthmus schema";
  return {
    "application/yaml": { schema: { type: "string", description } },
    "application/json": { schema: { type: "object", description } },
  };
}

function parameters(query: z.ZodObject): readonly Json[] {
  const { properties = {}, required = [] } = schemaOf(query, "input") as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => {
    return { name, in: "query", required: required.includes(name), description, schema };
  });
}

function schemaOf(schema: z.ZodType, io: "input" | "output"): Json {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}
