// Talks to the API of a running gateway: HTTP over its UNIX socket, or over TCP. Whatever goes
// wrong becomes one sentence.

import { type IncomingMessage, type RequestOptions, request } from "node:http";
import type { ConfigIssue } from "../config/issue.ts";
import type { Page, Problem } from "./api-types.ts";

export const DEFAULT_API = "/run/isthmus.sock";

/** Parameters of a query; those that are undefined are left out. */
export type Query = Readonly<Record<string, string | number | undefined>>;

export interface ApiClient {
  get<T>(path: string, query?: Query): Promise<T>;
  /** `body`: text is a configuration, sent as YAML; anything else is sent as JSON. */
  post<T>(path: string, body?: string | object, query?: Query): Promise<T>;
  /** An answer that is no JSON, such as a capture. */
  bytes(path: string, query?: Query): Promise<Uint8Array>;
  /** The same, as it comes. Whoever stops reading ends it. */
  stream(path: string, query?: Query): Promise<IncomingMessage>;
  /** The first `limit` items of a list (undefined: all), a page at a time. */
  list<T>(path: string, limit?: number, query?: Query): Promise<Page<T>>;
}

export interface ApiClientOptions {
  /** Path of a UNIX socket, or an http URL. */
  readonly api: string;
  readonly token?: string | undefined;
  /** How long an answer may take. Default 30 seconds. */
  readonly timeoutMillis?: number;
}

/** Told in the message, which is a sentence for people. */
export class ApiError extends Error {
  /** Of a configuration that was refused. */
  readonly issues: readonly ConfigIssue[];

  constructor(message: string, issues: readonly ConfigIssue[] = [], cause?: unknown) {
    super(message, { cause });
    this.issues = issues;
  }
}

/** A server gives as many at a time, or fewer. */
const PAGE_MAX = 1000;

export function apiClient(options: ApiClientOptions): ApiClient {
  const target = targetOf(options.api);
  const ask = async <T>(method: string, path: string, query: Query, body?: string | object) => {
    const words = { method, path: path + queryText(query) };
    const { status, bytes } = await exchange({ ...target, ...words }, options, body);
    return read(status, bytes.toString("utf8"), options) as T;
  };
  const get: ApiClient["get"] = (path, query = {}) => ask("GET", path, query);
  return {
    get,
    bytes: async (path, query = {}) => {
      const words = { method: "GET", path: path + queryText(query) };
      const { status, bytes } = await exchange({ ...target, ...words }, options);
      if (status !== 200) read(status, bytes.toString("utf8"), options);
      return bytes;
    },
    stream: async (path, query = {}) => {
      const words = { method: "GET", path: path + queryText(query) };
      const answer = await open({ ...target, ...words }, options);
      const { statusCode = 0 } = answer;
      if (statusCode !== 200) read(statusCode, (await readAll(answer)).toString("utf8"), options);
      // It may be long until something happens.
      answer.socket.setTimeout(0);
      return answer;
    },
    post: (path, body, query = {}) => ask("POST", path, query, body),
    list: async <T>(path: string, most?: number, query: Query = {}) => {
      const items: T[] = [];
      let next: string | undefined;
      do {
        const limit = most && Math.min(most - items.length, PAGE_MAX);
        const page: Page<T> = await get(path, { ...query, limit, cursor: next });
        items.push(...page.items);
        next = page.next ?? undefined;
      } while (next !== undefined && (most === undefined || items.length < most));
      return { items, next: next ?? null };
    },
  };
}

function targetOf(api: string): RequestOptions {
  if (!/^[a-z]+:\/\//i.test(api)) return { socketPath: api, host: "localhost" };
  const url = URL.parse(api);
  if (url?.protocol !== "http:") throw new ApiError(`--api takes a path or an http URL: ${api}`);
  const { hostname, port } = url;
  return { host: hostname.replace(/^\[|\]$/g, ""), port: port === "" ? 80 : Number(port) };
}

function queryText(query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  if (given.length === 0) return "";
  return `?${new URLSearchParams(given.map(([name, value]) => [name, `${value}`]))}`;
}

async function exchange(
  target: RequestOptions,
  options: ApiClientOptions,
  body?: string | object,
): Promise<{ status: number; bytes: Buffer }> {
  try {
    const answer = await open(target, options, body);
    return { status: answer.statusCode ?? 0, bytes: await readAll(answer) };
  } catch (error) {
    throw trouble(error as NodeJS.ErrnoException, options.api);
  }
}

/** The head of the answer has come. */
function open(
  target: RequestOptions,
  { api, token, timeoutMillis = 30_000 }: ApiClientOptions,
  body?: string | object,
): Promise<IncomingMessage> {
  const sent = typeof body === "object" ? JSON.stringify(body) : body;
  const headers = {
    accept: "application/json, application/problem+json, */*",
    ...(sent !== undefined && {
      "content-type": typeof body === "object" ? "application/json" : "application/yaml",
      "content-length": `${Buffer.byteLength(sent)}`,
    }),
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => reject(trouble(error, api));
    const asked = request({ ...target, headers, agent: false }, resolve);
    asked.on("error", failed);
    asked.setTimeout(timeoutMillis, () => {
      const seconds = timeoutMillis / 1000;
      asked.destroy(new ApiError(`the gateway at ${api} has not answered for ${seconds} s`));
    });
    asked.end(sent);
  });
}

async function readAll(answer: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part);
  return Buffer.concat(parts);
}

const NOBODY = new Set(["ENOENT", "ECONNREFUSED", "ENOTSOCK"]);
const FORBIDDEN = new Set(["EACCES", "EPERM"]);

function trouble(error: NodeJS.ErrnoException, api: string): ApiError {
  if (error instanceof ApiError) return error;
  const { code = "" } = error;
  if (NOBODY.has(code)) {
    const hint = "start one with isthmus run, or say with --api where it listens";
    return new ApiError(`no gateway answers at ${api}; ${hint}`, [], error);
  }
  if (FORBIDDEN.has(code)) {
    const hint = "its socket is for the user that runs the gateway, often root";
    return new ApiError(`no permission to talk to the gateway at ${api}; ${hint}`, [], error);
  }
  return new ApiError(`the gateway at ${api} cannot be asked: ${error.message}`, [], error);
}

function read(status: number, text: string, { api, token }: ApiClientOptions): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ApiError(`what answers at ${api} is no Isthmus gateway (HTTP ${status})`, [], error);
  }
  if (status >= 200 && status < 300) return value;
  const { title, detail, issues } = value as Partial<Problem>;
  const said = [title ?? `the gateway said HTTP ${status}`, detail].filter(Boolean).join(": ");
  const unknown = token === undefined ? "; the environment variable ISTHMUS_TOKEN is not set" : "";
  throw new ApiError(status === 401 ? `${said}${unknown}` : said, issues);
}
