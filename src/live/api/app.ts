// The HTTP server around the routes: who may ask, what a body may be, how answers and problems
// look.

import type { Socket } from "node:net";
import { Readable } from "node:stream";
import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from "fastify";
import type { Log } from "../data-path.ts";
import { whyNot } from "./access.ts";
import { mindCut } from "./cut-short.ts";
import type { ApiGateway } from "./gateway.ts";
import { perform } from "./perform.ts";
import { PROBLEM_TYPE, Problem } from "./problem.ts";
import { CONFIGURATION, type Route } from "./route.ts";

/** A configuration of a thousand peerings has some two megabytes. */
const CONFIGURATION_BYTES_MAX = 8 << 20;
/** Of any other: a packet of 65,535 bytes in hexadecimal, and others behind it. */
const BODY_BYTES_MAX = 512 << 10;
const HEADER_BYTES_MAX = 16 << 10;
/** For a request to come, head and body; looked at so often. */
const REQUEST_MILLIS = 10_000;
const LOOK_MILLIS = 1000;
/** Whoever takes nothing of an answer for so long is cut off. */
const STALLED_MILLIS = 30_000;
const CONNECTIONS_MAX = 128;
export const JSON_TYPE = "application/json";
export const YAML_TYPE = "application/yaml";

export interface AppOptions {
  readonly routes: readonly Route[];
  /** Undefined until there is one. */
  readonly gateway: () => ApiGateway | undefined;
  /** "socket": the kernel has judged who asks. "tcp": anybody of this machine, or of the network
   * when there is a token. */
  readonly via: "socket" | "tcp";
  readonly token?: string | undefined;
  readonly log: Log;
  /** Other times than usual: for tests. */
  readonly patience?: { readonly requestMillis: number; readonly stalledMillis: number };
}

export function buildApp(options: AppOptions): FastifyInstance {
  const { routes, via, token, log } = options;
  const { requestMillis = REQUEST_MILLIS, stalledMillis = STALLED_MILLIS } = options.patience ?? {};
  const app = fastify({
    exposeHeadRoutes: false,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: requestMillis,
    keepAliveTimeout: requestMillis,
    connectionTimeout: stalledMillis,
    forceCloseConnections: true,
    http: {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: requestMillis,
      connectionsCheckingInterval: Math.min(LOOK_MILLIS, requestMillis),
    },
    clientErrorHandler: refuseConnection,
    frameworkErrors: (error, _, reply) => sendProblem(reply as FastifyReply, problemOf(error)),
  });
  app.server.maxConnections = CONNECTIONS_MAX;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser([JSON_TYPE, YAML_TYPE], { parseAs: "string" }, (_, body, done) =>
    done(null, body),
  );
  app.addHook("onRequest", async (request) => {
    const why = whyNot(request.headers, via, token);
    if (why) throw why;
  });
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = problemOf(error);
    if (problem.details.status === 500) {
      const { method, url } = request;
      const details = { method, url, stack: error.stack ?? "" };
      log({ level: "error", message: `the API failed: ${error.message}`, details });
    }
    return sendProblem(reply, problem);
  });
  app.setNotFoundHandler((request, reply) => sendProblem(reply, notFound(routes, request)));
  for (const route of routes) {
    app.route({
      method: route.method,
      url: route.path,
      bodyLimit: route.body === CONFIGURATION ? CONFIGURATION_BYTES_MAX : BODY_BYTES_MAX,
      handler: (request, reply) => answer(route, options, request, reply),
    });
  }
  return app;
}

async function answer(
  route: Route,
  { gateway }: AppOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { query, body, headers } = request;
  // A stream may have nothing to say for long: that is not its reader's fault.
  reply.raw.on("timeout", (socket: Socket) => {
    if (socket.writableLength > 0) socket.destroy();
  });
  const mediaType = headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
  const result = await perform(route, gateway(), { query, body, mediaType });
  reply.header("cache-control", "no-store");
  if (result instanceof Readable) mindCut(result, reply.raw);
  if (typeof route.reply === "string") return reply.type(route.reply).send(result);
  return sendJson(reply, JSON_TYPE, result);
}

function notFound(routes: readonly Route[], { method, url }: FastifyRequest): Problem {
  const path = url.split("?")[0];
  const methods = routes
    .filter((route) => route.path === path)
    .map((route) => route.method.toUpperCase());
  if (methods.length === 0)
    return new Problem(404, "There is nothing here: /v1/openapi.json lists what is.");
  const allow = methods.join(", ");
  return new Problem(405, `${method} means nothing here; ${allow} does.`, { headers: { allow } });
}

/** What the framework says of a request, in its status; all else is a mistake of ours. */
function problemOf(error: Error): Problem {
  if (error instanceof Problem) return error;
  const { statusCode: status = 500 } = error as FastifyError;
  if (status < 400 || status >= 500) return new Problem(500, "The gateway's log says more.");
  if (status === 415) return new Problem(415, `Send ${JSON_TYPE} or ${YAML_TYPE}.`);
  return new Problem(status, `${error.message}.`);
}

function sendProblem(reply: FastifyReply, { details, headers }: Problem): FastifyReply {
  reply.code(details.status).headers(headers).header("cache-control", "no-store");
  return sendJson(reply, PROBLEM_TYPE, details);
}

/** As bytes: to text the framework adds a charset, which JSON has not (RFC 8259, 11). */
function sendJson(reply: FastifyReply, type: string, value: unknown): FastifyReply {
  return reply.header("content-type", type).send(Buffer.from(`${JSON.stringify(value)}\n`));
}

const CLIENT_ERRORS = new Map([
  ["HPE_HEADER_OVERFLOW", 431],
  ["ERR_HTTP_REQUEST_TIMEOUT", 408],
]);

/** What is not even HTTP. */
function refuseConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = CLIENT_ERRORS.get(error.code ?? "") ?? 400;
  const { details } = new Problem(status, "This is no request of HTTP/1.1 that can be read.");
  const body = `${JSON.stringify(details)}\n`;
  const head = [
    `HTTP/1.1 ${status} ${details.title}`,
    `content-type: ${PROBLEM_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}
