// Requests that get no answer but a problem: RFC 9457, whatever is wrong.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Problem } from "../../src/live/api/problem.ts";
import { LimitedQuestions } from "../../src/live/api/questions.ts";
import { Api } from "./api.ts";

let api: Api;
before(() => {
  api = new Api();
});
after(() => api.close());

async function ask(app: Api["app"], method: string, url: string, rest: object = {}) {
  const { statusCode, headers, body } = await app.inject({ method: method as "GET", url, ...rest });
  return { status: statusCode, headers, body };
}

const YAML = { "content-type": "application/yaml" };
const JSON_TYPE = { "content-type": "application/json; charset=utf-8" };

for (const [what, method, url, rest, status] of [
  ["a path that is not there", "GET", "/v1/nothing", {}, 404],
  ["no path", "GET", "/", {}, 404],
  ["a path that cannot be read", "GET", "/v1/%zz", {}, 400],
  ["another method", "DELETE", "/v1/config", {}, 405],
  ["HEAD", "HEAD", "/v1/config", {}, 405],
  ["a query where there is none", "GET", "/v1/config?x=1", {}, 400],
  ["an unknown parameter", "GET", "/v1/flows?adress=10.0.0.1", {}, 400],
  ["a parameter twice", "GET", "/v1/flows?port=1&port=2", {}, 400],
  ["a limit of nothing", "GET", "/v1/flows?limit=0", {}, 400],
  ["a limit beyond the most", "GET", "/v1/flows?limit=1001", {}, 400],
  ["a prototype", "GET", "/v1/flows?__proto__=1", {}, 400],
  ["no body", "POST", "/v1/config/apply", {}, 400],
  ["an empty body", "POST", "/v1/config/apply", { headers: YAML, payload: "" }, 400],
  [
    "another media type",
    "POST",
    "/v1/config/apply",
    { headers: { "content-type": "text/plain" }, payload: "x" },
    415,
  ],
  [
    "a form",
    "POST",
    "/v1/flows/kill",
    { headers: { "content-type": "application/x-www-form-urlencoded" }, payload: "all=true" },
    415,
  ],
  ["YAML for JSON", "POST", "/v1/flows/kill", { headers: YAML, payload: "all: true" }, 415],
  ["broken JSON", "POST", "/v1/flows/kill", { headers: JSON_TYPE, payload: "{" }, 400],
  [
    "a large body",
    "POST",
    "/v1/flows/kill",
    { headers: JSON_TYPE, payload: `"${"x".repeat(600_000)}"` },
    413,
  ],
  [
    "a large configuration",
    "POST",
    "/v1/config/validate",
    { headers: YAML, payload: "x".repeat(9 << 20) },
    413,
  ],
] as const) {
  test(`${what} gets ${status}`, async () => {
    const { status: got, headers, body } = await ask(api.app, method, url, rest);
    assert.equal(got, status, body);
    assert.equal(headers["content-type"], "application/problem+json");
    if (status === 405) assert.equal(headers["allow"], "GET");
    if (method === "HEAD") return;
    const { type, title, status: said, detail } = JSON.parse(body);
    assert.deepEqual([type, said], ["about:blank", status]);
    for (const text of [title, detail]) assert.match(text, /\w{3}/);
  });
}

test("a mistake of ours is told in the log, and not to strangers", async () => {
  const ask = async () => {
    throw new Error("a column is not what it was");
  };
  const broken = new Api({ gateway: () => ({ isReady: true, ask }) as never });
  const { status, reply } = await broken.request("/v1/stats");
  assert.equal(status, 500);
  assert.doesNotMatch(JSON.stringify(reply), /column/);
  const [line] = broken.lines;
  assert.equal(line?.message, "the API failed: a column is not what it was");
  assert.match(String(line?.details?.["stack"]), /refusals/);
  await broken.close();
});

test("while there is no gateway yet, only what needs none is answered", async () => {
  const early = new Api({ gateway: () => undefined });
  assert.equal((await early.request("/v1/health")).status, 200);
  assert.equal((await early.request("/v1/config/validate", "vpcs: {}")).status, 200);
  for (const url of ["/v1/ready", "/v1/config", "/v1/flows", "/v1/events"]) {
    const { status, headers, reply } = await early.request(url);
    assert.deepEqual([status, headers["retry-after"]], [503, "1"], url);
    assert.equal(reply.type, "urn:isthmus:problem:not-ready");
  }
  await early.close();
});

const TOKEN = "0123456789abcdef";

for (const [authorization, status] of [
  [undefined, 401],
  ["", 401],
  ["Bearer", 401],
  [`Basic ${TOKEN}`, 401],
  [`Bearer ${TOKEN}0`, 401],
  [`Bearer ${TOKEN.slice(1)}`, 401],
  [`Bearer ${TOKEN}`, 200],
  [`bearer  ${TOKEN}`, 200],
] as const) {
  test(`by TCP with a token, Authorization: ${authorization} gets ${status}`, async () => {
    const guarded = new Api({ via: "tcp", token: TOKEN });
    const headers = {
      host: "gateway.example",
      ...(authorization !== undefined && { authorization }),
    };
    for (const url of ["/v1/config", "/v1/health", "/v1/nothing"]) {
      const { status: got, headers: said } = await ask(guarded.app, "GET", url, { headers });
      assert.equal(got, status === 200 && url === "/v1/nothing" ? 404 : status);
      if (status === 401) assert.match(String(said["www-authenticate"]), /^Bearer/);
    }
    await guarded.close();
  });
}

for (const [headers, status] of [
  [{ host: "127.0.0.1:9477" }, 200],
  [{ host: "localhost" }, 200],
  [{ host: "[::1]:9477" }, 200],
  [{ host: "evil.example:9477" }, 421],
  [{ host: "127.0.0.1.evil.example" }, 421],
  [{ host: "127.0.0.1:9477", origin: "http://evil.example" }, 403],
  [{ host: "127.0.0.1:9477", "sec-fetch-site": "cross-site" }, 403],
] as const) {
  test(`by TCP without a token, ${JSON.stringify(headers)} gets ${status}`, async () => {
    const open = new Api({ via: "tcp" });
    assert.equal((await ask(open.app, "GET", "/v1/health", { headers })).status, status);
    await open.close();
  });
}

test("there are not too many questions at a time, and none for ever", async () => {
  const never = Promise.withResolvers<never>();
  const questions = new LimitedQuestions(() => never.promise, 20);
  const all = Array.from({ length: 33 }, () => questions.ask("stats", {}).catch((error) => error));
  const statuses = (await Promise.all(all)).map((error) => (error as Problem).details.status);
  assert.deepEqual(statuses, [...Array(32).fill(504), 503]);
  never.reject(new Error("the gateway stops"));
  await new Promise(setImmediate);
  await assert.rejects(questions.ask("stats", {}), /stops/);
});
