// What each route answers.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, afterEach, beforeEach, test } from "node:test";
import type { z } from "zod";
import { ROUTES } from "../../src/live/routes/routes.ts";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { pass, rawInterface } from "../support/gateway.ts";
import { Api, CONFIG, ELSEWHERE, MORE } from "./api.ts";

let api: Api;
const answered = new Set<string>();

beforeEach(() => {
  api = new Api();
});
afterEach(() => api.close());

/** What the page for programs says of a reply must be so. */
async function get(url: string, body?: string | object) {
  const { status, reply } = await api.request(url, body);
  assert.equal(status, 200, JSON.stringify(reply));
  const path = url.split("?")[0]!;
  const route = ROUTES.find((each) => each.path === path)!;
  (route.reply as z.ZodType).parse(reply);
  answered.add(path);
  return reply;
}

async function fails(url: string, body: string | object | undefined, status: number) {
  const { status: got, headers, reply } = await api.request(url, body);
  assert.deepEqual([got, reply.status], [status, status], JSON.stringify(reply));
  assert.equal(headers["content-type"], "application/problem+json");
  assert.match(reply.detail, /\w.*\.$|\)$|\w/);
  return reply;
}

function send(count: number): void {
  const blue = rawInterface(api.gateway, "blue");
  for (let i = 1; i <= count; i++) {
    const packet = buildPacket(parsePacket(`udp 10.0.0.${i}:2000 > 10.1.0.1:53`));
    assert.equal(pass(api.gateway, blue, packet).verdict, "sent");
  }
}

test("health and readiness", async () => {
  assert.deepEqual(await get("/v1/health"), { status: "ok" });
  assert.deepEqual(await get("/v1/ready"), { status: "ready" });
  api.isReady = false;
  assert.match((await fails("/v1/ready", undefined, 503)).type, /not-ready$/);
  assert.deepEqual(await get("/v1/health"), { status: "ok" });
});

test("the configuration, and whether the file says the same", async () => {
  const { text, generation, inFile, file, cause } = await get("/v1/config");
  assert.deepEqual([text, generation, inFile, file], [CONFIG, 1, true, api.file]);
  assert.equal(cause, "start");
  writeFileSync(api.file, MORE);
  assert.equal((await get("/v1/config")).inFile, false);
});

test("a configuration is judged without harm", async () => {
  assert.deepEqual(await get("/v1/config/validate", CONFIG), { valid: true, issues: [] });
  const { valid, issues } = await get("/v1/config/validate", "vpcs: { a: { vni: 0 } }");
  assert.equal(valid, false);
  assert.equal(issues[0].code, "vpc/bad-vni");
  assert.deepEqual(issues[0].place, { file: "API", line: 1, column: 14 });
  assert.equal((await get("/v1/config")).generation, 1);
});

test("a configuration is applied, and the file stays as it was", async () => {
  const told: string[] = [];
  api.events.listen(({ kind }) => told.push(kind));
  const reply = await get("/v1/config/apply", MORE);
  assert.deepEqual([reply.generation, reply.saved, reply.confirmBy], [2, false, null]);
  const { text, cause, inFile } = await get("/v1/config");
  assert.deepEqual([text, cause, inFile], [MORE, "API", false]);
  assert.equal(readFileSync(api.file, "utf8"), CONFIG);
  assert.equal((await get("/v1/vpcs")).items.length, 3);
  assert.deepEqual(told, ["applied"]);
});

test("asked for it, the file is written", async () => {
  assert.equal((await get("/v1/config/apply?save=true", MORE)).saved, true);
  assert.equal(readFileSync(api.file, "utf8"), MORE);
  assert.equal((await get("/v1/config")).inFile, true);
});

test("a wrong one, and one that the machine cannot have, change nothing", async () => {
  const wrong = await fails("/v1/config/apply", "vpcs: { a: { vni: 0 } }", 422);
  assert.match(wrong.type, /invalid-configuration$/);
  assert.equal(wrong.issues[0].code, "vpc/bad-vni");
  const refused = await fails("/v1/config/apply", ELSEWHERE, 409);
  assert.deepEqual(
    [refused.detail, refused.type],
    ["there is no such interface", "urn:isthmus:problem:refused-configuration"],
  );
  assert.equal((await get("/v1/config")).generation, 1);
  api.isOver = true;
  await fails("/v1/config/apply", MORE, 503);
});

test("unconfirmed, the one of before comes back; the first of several", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const told: string[] = [];
  api.events.listen(({ kind }) => told.push(kind));
  const { confirmBy } = await get("/v1/config/apply?confirmWithin=60&save=true", MORE);
  assert.equal((await get("/v1/config")).confirmBy, confirmBy);
  context.mock.timers.tick(59_000);
  await get("/v1/config/apply?confirmWithin=60", `${MORE} # again`);
  context.mock.timers.tick(59_000);
  assert.equal((await get("/v1/config")).generation, 3);
  context.mock.timers.tick(1000);
  // Behind whatever is being applied.
  await fails("/v1/config/confirm", {}, 409);
  const { text, cause, generation, ...rest } = await get("/v1/config");
  assert.deepEqual([text, cause, generation], [CONFIG, "not confirmed", 4]);
  assert.deepEqual([rest.confirmBy, rest.inFile], [null, true]);
  assert.deepEqual(told, ["applied", "applied", "unconfirmed", "applied"]);
});

test("the one of before is tried again while the machine lacks what it takes", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const told: string[] = [];
  api.events.listen(({ kind }) => told.push(kind));
  await get("/v1/config/apply?confirmWithin=60", MORE);
  api.isCrippled = true;
  context.mock.timers.tick(60_000);
  // Behind whatever is being applied.
  await fails("/v1/config/apply", "vpcs: [", 422);
  const { text, confirmBy } = await get("/v1/config");
  assert.equal(text, MORE);
  assert.notEqual(confirmBy, null, "it can still be confirmed");
  api.isCrippled = false;
  context.mock.timers.tick(10_000);
  await fails("/v1/config/confirm", {}, 409);
  assert.equal((await get("/v1/config")).text, CONFIG);
  assert.deepEqual(told, ["applied", "unconfirmed", "refused", "refused", "applied"]);
});

test("confirmed, it stays, and is saved then", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { saved, confirmBy } = await get("/v1/config/apply?confirmWithin=60&save=true", MORE);
  assert.equal(saved, false);
  assert.match(confirmBy, /Z$/);
  assert.equal(readFileSync(api.file, "utf8"), CONFIG);
  assert.deepEqual(await get("/v1/config/confirm", {}), {
    generation: 2,
    saved: true,
    notices: [],
  });
  context.mock.timers.tick(100_000);
  await fails("/v1/config/confirm", {}, 409);
  assert.equal((await get("/v1/config")).text, MORE);
  assert.equal(readFileSync(api.file, "utf8"), MORE);
});

test("whoever says which configuration is meant confirms no other", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const mine = await get("/v1/config/apply?confirmWithin=60", MORE);
  const others = await get("/v1/config/apply?confirmWithin=60", `${MORE} # again`);
  const confirm = (generation: number) => `/v1/config/confirm?generation=${generation}`;
  const { type, detail, generation } = await fails(confirm(mine.generation), {}, 409);
  assert.match(type, /another-configuration$/);
  assert.deepEqual([detail, generation], ["Configuration 3 waits for it, and not 2.", 3]);
  assert.notEqual((await get("/v1/config")).confirmBy, null);
  assert.equal((await get(confirm(others.generation), {})).generation, 3);
  assert.equal((await get("/v1/config")).confirmBy, null);
  assert.match((await fails(confirm(3), {}, 409)).type, /nothing-to-confirm$/);
  for (const wrong of ["generation=0", "generation=x", "number=3"]) {
    await fails(`/v1/config/confirm?${wrong}`, {}, 400);
  }
});

test("another one, or the file, needs no confirmation of the one before", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  await get("/v1/config/apply?confirmWithin=60", MORE);
  await get("/v1/config/apply", `${MORE} # again`);
  context.mock.timers.tick(100_000);
  assert.equal((await get("/v1/config")).generation, 3);
  await get("/v1/config/apply?confirmWithin=60", MORE);
  api.configurations.reload("SIGHUP");
  await fails("/v1/config/confirm", {}, 409);
  context.mock.timers.tick(100_000);
  assert.equal((await get("/v1/config")).generation, 5);
  assert.equal((await get("/v1/config")).text, CONFIG);
});

test("where the API is, is said to wait for a restart", async () => {
  const moved = JSON.stringify({ ...JSON.parse(CONFIG), isthmus: { api: { socket: false } } });
  assert.match((await get("/v1/config/apply", moved)).notices[0], /until a restart/);
  assert.deepEqual((await get("/v1/config/apply", moved)).notices, []);
});

test("VPCs and peerings", async () => {
  const { items } = await get("/v1/vpcs");
  assert.deepEqual(items[0], {
    name: "blue",
    vni: 101,
    mtuBytes: 65575,
    addresses: [],
    interfaces: [],
    peers: ["green"],
  });
  send(3);
  const [peering] = (await get("/v1/peerings")).items;
  const [blue, green] = peering.sides;
  assert.deepEqual([peering.name, peering.aclRules], ["p", null]);
  assert.deepEqual(blue.sent, { packets: 3, bytes: 84, dropped: 0 });
  assert.equal(blue.exposes[0].mode, "masquerade");
  assert.deepEqual(blue.exposes[0].publics, ["192.0.2.1/32"]);
  assert.deepEqual([green.vpc, green.sent.packets], ["green", 0]);
  assert.equal(green.exposes[0].mode, null);
});

test("flows in pages, by filters, and their end", async () => {
  send(5);
  const first = await get("/v1/flows?limit=2&protocol=udp&vpc=blue&port=53&state=one-way");
  assert.equal(first.items[0].original, "udp 10.0.0.1:2000 > 10.1.0.1:53");
  const second = await get(`/v1/flows?limit=2&cursor=${first.next}`);
  const third = await get(`/v1/flows?limit=2&cursor=${second.next}`);
  assert.equal(third.next, null);
  const all = [first, second, third].flatMap(({ items }) => items);
  assert.equal(new Set(all.map(({ original }) => original)).size, 5);
  assert.deepEqual(await get("/v1/flows/kill", { address: "10.0.0.2/31" }), { killed: 2 });
  assert.equal((await get("/v1/flows?endsWithin=120")).items.length, 3);
  assert.equal((await get("/v1/flows?endsWithin=0")).items.length, 0);
  assert.deepEqual(await get("/v1/flows/kill", { all: true }), { killed: 3 });
});

for (const body of [
  {},
  { all: true, port: 53 },
  { all: false },
  { adress: "10.0.0.1" },
  [],
  null,
]) {
  test(`flows are not killed by ${JSON.stringify(body)}`, async () => {
    send(1);
    await fails("/v1/flows/kill", body ?? "null", body === null ? 415 : 400);
    assert.equal((await get("/v1/flows")).items.length, 1);
  });
}

test("what was dropped, and the last packets, in words and as a capture", async () => {
  const blue = rawInterface(api.gateway, "blue");
  const dropped = (text: string) =>
    assert.notEqual(pass(api.gateway, blue, buildPacket(parsePacket(text))).verdict, "sent");
  dropped("udp 10.0.0.1:2000 > 10.1.0.1:54");
  dropped("udp 10.0.0.1:2000 > 10.9.0.1:53");
  const { total, cells, drivers } = await get("/v1/drops");
  assert.deepEqual([total, drivers, cells.length], [2, [], 2]);
  const { items } = await get("/v1/drops/samples");
  assert.deepEqual(
    items.map(({ packet, from }: { packet: string; from: string }) => [packet, from]),
    [
      ["udp 10.0.0.1:2000 > 10.9.0.1:53", "blue"],
      ["udp 10.0.0.1:2000 > 10.1.0.1:54", "blue"],
    ],
  );
  const [{ reason }] = items;
  const chosen = await get(`/v1/drops/samples?reason=${reason}&from=blue&limit=1`);
  assert.deepEqual(
    chosen.items.map(({ number }: { number: number }) => number),
    [items[0].number],
  );
  assert.deepEqual((await get("/v1/drops/samples?from=nobody")).items, []);
  await fails("/v1/drops/samples?limit=0", undefined, 400);
  const { rawPayload, headers } = await api.app.inject("/v1/drops/samples.pcapng");
  assert.equal(headers["content-type"], "application/x-pcapng");
  const comments = rawPayload.toString("latin1").match(/blue > \S+ dropped at [\w-]+: [\w-]+\. /g);
  assert.equal(comments?.length, 2);
});

test("what would become of a packet is told, and nothing of it stays", async () => {
  send(1);
  const before = await get("/v1/stats");
  const first = await get("/v1/explain", { from: "blue", packet: "udp 10.0.0.9:7 > 10.1.0.1:53" });
  assert.deepEqual([first.verdict, first.to, first.flow.made], ["sent", "green", true]);
  const known = { from: "blue", packet: "udp 10.0.0.1:2000 > 10.1.0.1:53" };
  assert.equal((await get("/v1/explain", known)).flow.made, false);
  const closed = { from: "blue", packet: "udp 10.0.0.9:7 > 10.1.0.1:54" };
  const { drop, verdict } = await get("/v1/explain", closed);
  assert.equal(verdict, drop.reason);
  assert.match(drop.nearest[0].text, /53/);
  const { uptimeSeconds: _, ...after } = await get("/v1/stats");
  assert.deepEqual({ ...after, uptimeSeconds: before.uptimeSeconds }, before);
  assert.deepEqual((await get("/v1/drops")).total, 0);
  assert.equal((await get("/v1/flows")).items.length, 1);
});

for (const [what, body, why] of [
  ["no notation", { from: "blue", packet: "udp to nowhere" }, /^The packet cannot be read: /],
  ["no bytes", { from: "blue", packet: "hex 4" }, /pairs of digits/],
  ["no VPC", { from: "red", packet: "udp 10.0.0.9:7 > 10.1.0.1:54" }, /there are blue, green\.$/],
  ["a fragment", { from: "blue", packet: "udp 10.0.0.9:7 > 10.1.0.1:53 mf len=44" }, /fragment/],
  ["nothing", { from: "blue" }, /packet/],
] as const) {
  test(`${what} is not explained`, async () => {
    assert.match((await fails("/v1/explain", body, 400)).detail, why);
    const { total } = await get("/v1/drops");
    assert.equal(total, 0);
  });
}

test("what another configuration would do to flows, and nothing is done", async () => {
  send(3);
  const same = await get("/v1/config/plan", CONFIG);
  assert.deepEqual([same.flows.kept, same.changes], [3, []]);
  const other = CONFIG.replace("192.0.2.1/32", "192.0.2.2/32");
  const { flows, changes, pools } = await get("/v1/config/plan", other);
  assert.deepEqual([flows.kept, flows.retranslated], [0, 3]);
  assert.equal(changes[0].name, "p");
  assert.equal(pools[0].again, 3);
  assert.equal((await get("/v1/flows")).items.length, 3);
  const { issues } = await fails("/v1/config/plan", "vpcs: { a: { vni: 0 } }", 422);
  assert.equal(issues[0].code, "vpc/bad-vni");
});

test("neighbors, interfaces and counts", async () => {
  assert.deepEqual(await get("/v1/neighbors?vpc=blue"), { items: [], next: null });
  assert.deepEqual(await get("/v1/interfaces"), { items: [], next: null });
  send(2);
  const { sent, held, dropped, flowCapacity } = await get("/v1/stats");
  assert.deepEqual([sent, held.flows, dropped, flowCapacity], [2, 2, {}, 1024]);
});

test("neighbors, in pages", async () => {
  const item = { vpc: "blue", interface: null, address: "10.0.0.4", mac: null, vtep: null };
  const asked: unknown[] = [];
  const answer = { items: [{ ...item, state: "unknown", route: false }], next: 7 };
  api.ask = (async (name: string, what: unknown) => {
    asked.push([name, what]);
    return asked.length === 1 ? answer : { items: [], next: null };
  }) as typeof api.ask;
  const { items, next } = await get("/v1/neighbors?limit=1&vpc=blue");
  assert.deepEqual([items, next], [answer.items, "7"]);
  assert.deepEqual(await get(`/v1/neighbors?cursor=${next}`), { items: [], next: null });
  assert.deepEqual(asked, [
    ["neighbors", { vpc: "blue", first: 0, most: 1 }],
    ["neighbors", { vpc: undefined, first: 7, most: 100 }],
  ]);
  for (const query of ["limit=0", "limit=1001", "cursor=-1", "cursor=x", "first=1"]) {
    await fails(`/v1/neighbors?${query}`, undefined, 400);
  }
});

test("what became of the NAT log is told, at each place", async () => {
  const place = { kind: "file", place: "/a", open: true, records: 5, notTaken: 2, overrun: 1 };
  api.natLog.read = () => [{ ...place, kind: "file", trouble: "full" }];
  assert.deepEqual((await get("/v1/stats")).natLog, [{ ...place, trouble: "full" }]);
  api.natLog.read = () => [{ ...place, kind: "file", trouble: undefined }];
  assert.deepEqual((await get("/v1/stats")).natLog, [{ ...place, trouble: null }]);
  const { body } = await api.app.inject({ method: "GET", url: "/metrics" });
  assert.match(body, /isthmus_nat_log_lost_records_total\{.*place="\/a".*not-taken"\} 2\n/);
});

test("pools", async () => {
  assert.equal((await get("/v1/pools")).items.length, 3);
});

test("the page for programs has every route, with its parameters", async () => {
  const { paths, openapi } = await get("/v1/openapi.json");
  assert.equal(openapi, "3.1.0");
  assert.deepEqual(
    Object.keys(paths),
    ROUTES.map(({ path }) => path),
  );
  const { parameters } = paths["/v1/flows"].get;
  const limit = parameters.find(({ name }: { name: string }) => name === "limit");
  assert.deepEqual(limit.schema, { type: "integer", minimum: 1, maximum: 1000 });
  const kill = paths["/v1/flows/kill"].post.requestBody.content["application/json"].schema;
  assert.equal(kill.additionalProperties, false);
});

test("docs/api.md has a line for every route", () => {
  const page = readFileSync(new URL("../../docs/api.md", import.meta.url), "utf8");
  const lines = Array.from(page.matchAll(/^\| `(GET|POST) (\S+)` \|/gm), ([, ...all]) =>
    all.join(" "),
  );
  const wanted = ROUTES.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
  assert.deepEqual(lines.sort(), wanted.sort());
});

after(() => {
  const left = ROUTES.filter(({ path, reply }) => typeof reply !== "string" && !answered.has(path));
  assert.deepEqual(
    left.map(({ path }) => path),
    [],
    "every route is asked here",
  );
});
