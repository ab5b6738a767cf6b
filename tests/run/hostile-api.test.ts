// Every route of the API, as its own page describes it, with values that nobody should send: each is
// answered in time, none with a 500, and the gateway goes on.

import assert from "node:assert/strict";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { seededRandom } from "../../src/base/random.ts";
import { type Asked, ask, JSON_TYPE, open, type Replied, YAML } from "./api-client.ts";
import { Running, vpcs } from "./running.ts";

/** On a machine that has much to do; a question has 10 s. */
const PATIENCE_MILLIS = 9000;
const RANDOM = 300;

interface Operation {
  readonly path: string;
  readonly method: string;
  readonly parameters: readonly string[];
  readonly bodies: readonly string[];
  readonly bodyKeys: readonly string[];
}

const TEXTS: readonly string[] = [
  "",
  " ",
  "0",
  "-1",
  "1.5",
  "1e9",
  "007",
  "65536",
  "4294967296",
  "9007199254740993",
  "1".repeat(4000),
  "NaN",
  "Infinity",
  "null",
  "true",
  "undefined",
  "[object Object]",
  "__proto__",
  "constructor",
  "toString",
  "../../etc/passwd",
  "%00",
  "\u0000",
  "\r\nset-cookie: a=b",
  "'; DROP TABLE flows; --",
  "$(reboot)",
  "{{7*7}}",
  "<script>alert(1)</script>",
  "\u202e\ud83d\ude00e\u0301",
  "\ud800",
  "x".repeat(8000),
  "(a+)+$",
  "10.0.0.0/33",
  "10.0.0.0/0",
  "::/0",
  "::ffff:10.0.0.1",
  "fe80::1%eth0",
  "999999999",
  "udp",
  "established",
];

const VALUES: readonly unknown[] = [
  ...TEXTS,
  null,
  true,
  false,
  -1,
  0.5,
  1e308,
  2 ** 53,
  [],
  {},
  [[[[]]]],
  { __proto__: 1 },
  { toJSON: "x" },
  Array.from({ length: 5000 }, () => 0),
];

const CONFIGURATIONS: readonly string[] = [
  "[",
  "- 1",
  "null",
  "vpcs: 7",
  "vpcs: { __proto__: { vni: 1 } }",
  "vpcs: { constructor: { vni: 1 } }",
  "isthmus: { api: { socket: ../x, listen: 7, token: [] } }",
  "isthmus: { api: { listen: '0.0.0.0:1' } }",
  `a: &a [x, x]\n${Array.from({ length: 30 }, (_, i) => `b${i}: &b${i} [*a, *a, *a]`).join("\n")}`,
  "[".repeat(20_000),
  "{a: ".repeat(5000),
  "? ".repeat(3000),
  `vpcs: { ${Array.from({ length: 3000 }, (_, i) => `v${i}: { vni: ${i + 1} }`).join(", ")} }`,
  "!!js/function 'function () {}'",
  "\ufeff%YAML 9.9\n---\n...",
  "\u0000\u0001\u0002",
  "x".repeat(100_000),
  '{"vpcs": {"blue": {"vni": 1}}, "vpcs": {}}',
];

function operations(page: {
  paths: Record<string, Record<string, Record<string, unknown>>>;
}): Operation[] {
  return Object.entries(page.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const { parameters, requestBody } = operation as {
        parameters: { name: string }[];
        requestBody?: {
          content: Record<string, { schema: { properties?: Record<string, unknown> } }>;
        };
      };
      const content = requestBody?.content ?? {};
      return {
        path,
        method: method.toUpperCase(),
        parameters: parameters.map(({ name }) => name),
        bodies: Object.keys(content),
        bodyKeys: Object.keys(content["application/json"]?.schema.properties ?? {}),
      };
    }),
  );
}

/** What is tried on an operation: target and the rest of the request. */
function* trials({
  path,
  method,
  parameters,
  bodies,
  bodyKeys,
}: Operation): Generator<[string, Asked]> {
  const rest = bodies.includes("application/yaml") ? { body: vpcs("blue"), headers: YAML } : {};
  for (const name of [...parameters, "unknown", "__proto__"]) {
    for (const text of TEXTS) yield [`${path}?${name}=${encoded(text)}`, { method, ...rest }];
    yield [`${path}?${name}`, { method, ...rest }];
    yield [`${path}?${name}=1&${name}=2`, { method, ...rest }];
    yield [`${path}?${name}[a]=1`, { method, ...rest }];
  }
  for (const other of ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"]) {
    yield [path, { method: other }];
  }
  yield [`${path}/`, { method }];
  yield [`/${path}`, { method }];
  yield [path.toUpperCase(), { method }];
  if (bodies.length === 0) return;
  for (const type of ["", "text/plain", "application/json;", "multipart/form-data", "\u00ff"]) {
    yield [path, { method, body: "{}", headers: { "content-type": type } }];
  }
  if (bodies.includes("application/yaml")) {
    for (const body of CONFIGURATIONS) {
      yield [path, { method, body, headers: YAML }];
      yield [path, { method, body, headers: JSON_TYPE }];
    }
    return;
  }
  for (const value of VALUES) {
    yield [path, { method, body: JSON.stringify(value), headers: JSON_TYPE }];
    for (const key of [...bodyKeys, "__proto__", "unknown"]) {
      const body = `{${JSON.stringify(key)}:${JSON.stringify(value)}}`;
      yield [path, { method, body, headers: JSON_TYPE }];
    }
  }
}

/** Surrogates that stand alone cannot be encoded otherwise. */
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** Bytes by chance in a target of the page. */
function* damaged(all: readonly Operation[]): Generator<[string, Asked]> {
  const random = seededRandom(7);
  const below = (limit: number) => (random.next() >>> 0) % limit;
  for (let i = 0; i < RANDOM; i++) {
    const { path, method, parameters } = all[below(all.length)]!;
    const name = parameters[below(parameters.length || 1)] ?? "x";
    const target = [...`${path}?${name}=10.0.0.1&limit=5`];
    for (let n = below(4); n >= 0; n--) {
      target[below(target.length)] = String.fromCharCode(33 + below(94));
    }
    target[0] = "/";
    yield [target.join(""), { method }];
  }
}

test("hostile values get answers, in time, and the gateway goes on", async () => {
  const gateway = new Running("", vpcs("blue"));
  try {
    await gateway.says(/^the gateway runs$/);
    const page = await ask(gateway.apiSocket, "/v1/openapi.json");
    const all = operations(JSON.parse(page.text)).filter(({ path }) => path !== "/v1/events");
    assert.ok(all.length >= 14);
    const seen = new Map<number, number>();
    for (const [target, asked] of [...all.flatMap((each) => [...trials(each)]), ...damaged(all)]) {
      const what = `${asked.method} ${target.slice(0, 200)} ${asked.body?.slice(0, 100) ?? ""}`;
      const {
        status,
        type,
        text: said,
      } = await inTime(answerTo(gateway.apiSocket, target, asked), what);
      seen.set(status, (seen.get(status) ?? 0) + 1);
      assert.ok(status >= 200 && status < 500, `${status}: ${what}\n${said}`);
      if (status < 400) continue;
      assert.equal(type, "application/problem+json", what);
      if (asked.method !== "HEAD") assert.equal(JSON.parse(said).status, status, what);
    }
    for (const status of [200, 400, 404, 405, 415, 422]) assert.ok(seen.has(status), `${status}`);
    for (const bytes of NO_HTTP) {
      const said = await inTime(raw(gateway.apiSocket, bytes), bytes.slice(0, 80));
      assert.match(said, /^(?:HTTP\/1\.1 4\d\d |$)/, bytes.slice(0, 80));
    }
    assert.equal((await ask(gateway.apiSocket, "/v1/ready")).status, 200);
    assert.doesNotMatch(gateway.text, /the API failed/);
  } finally {
    await gateway.remove();
  }
});

/** Of a stream that goes on, the head. */
async function answerTo(socketPath: string, target: string, asked: Asked): Promise<Replied> {
  const answer = await open(socketPath, target, asked);
  const { statusCode: status = 0, headers } = answer;
  const type = headers["content-type"];
  if (type === "application/x-pcapng") {
    answer.destroy();
    return { status, type, text: "" };
  }
  return { status, type, text: await text(answer) };
}

const NO_HTTP: readonly string[] = [
  "\r\n\r\n\r\n",
  "GET\r\n\r\n",
  "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001",
  "GET /v1/health HTTP/9.9\r\n\r\n",
  "GET /v1/health HTTP/1.1\r\n\r\n",
  `GET /v1/health HTTP/1.1\r\nhost: x\r\nx: ${"y".repeat(40_000)}\r\n\r\n`,
  `GET /${"y".repeat(40_000)} HTTP/1.1\r\nhost: x\r\n\r\n`,
  "POST /v1/flows/kill HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\n",
  "POST /v1/flows/kill HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
  "POST /v1/flows/kill HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
];

/** What comes back for these bytes before the connection ends. */
function raw(socketPath: string, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(socketPath, () => socket.end(bytes));
    let said = "";
    socket.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(said));
  });
}

async function inTime<T>(work: Promise<T>, what: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`late: ${what}`)), PATIENCE_MILLIS);
  try {
    return await Promise.race([work, late.promise]);
  } catch (error) {
    throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
