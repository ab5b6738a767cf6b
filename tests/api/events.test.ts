// The stream of events: who hears what, flows and drops among it, and what is left out.

import assert from "node:assert/strict";
import type { Readable } from "node:stream";
import { afterEach, beforeEach, test } from "node:test";
import { ManualClock } from "../../src/base/clock.ts";
import { DropNews } from "../../src/live/drop-news.ts";
import { EventHub, type LiveEvent } from "../../src/live/events.ts";
import { FlowNews } from "../../src/live/flow-news.ts";
import { eventStream } from "../../src/live/routes/events.ts";
import { ENDPOINTS, FLOWS } from "../../src/tables/flow-events.ts";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { pass, rawInterface } from "../support/gateway.ts";
import { NatEvents, natConfig } from "../support/nat-events.ts";
import { Api } from "./api.ts";

const NAMES = new Map([
  [101, "blue"],
  [102, "green"],
]);

function newsOf() {
  const events = new EventHub();
  const clock = new ManualClock();
  const heard: LiveEvent[] = [];
  const news = new FlowNews({ events, clock, nameOf: (vni) => NAMES.get(vni) });
  const listen = () => events.listen((event) => heard.push(event), ["flows"]);
  return { events, clock, heard, news, listen };
}

test("a listener hears what it has chosen; who watches a topic is told of it", () => {
  const hub = new EventHub();
  const heard: string[] = [];
  const watched: boolean[] = [];
  hub.watch("flows", (wanted) => watched.push(wanted));
  const ends = [
    hub.listen(({ kind }) => heard.push(`one ${kind}`), ["config", "flows"]),
    hub.listen(({ kind }) => heard.push(`two ${kind}`), ["flows", "pools"]),
    hub.listen(({ kind }) => heard.push(`three ${kind}`), ["notices"]),
  ];
  hub.tell("applied", {});
  hub.tell("flow-begin", {});
  hub.tell("drop", {});
  assert.deepEqual(heard, ["one applied", "one flow-begin", "two flow-begin"]);
  for (const end of ends) end();
  assert.deepEqual(watched, [true, false]);
  assert.equal(hub.listeners, 0);
});

test("flows are told in notation as they begin and end, with the time of the data path", () => {
  const { heard, news, listen } = newsOf();
  listen();
  const flows = new NatEvents(natConfig(), FLOWS, true);
  flows.send("blue", "udp 10.0.0.4:3000 > 203.0.113.8:53", 1000);
  flows.send("blue", "icmp 10.0.0.4 > 203.0.113.8 echo-request id=7", 1000);
  news.take(flows.block(1000));
  const [udp, icmp] = heard.splice(0);
  assert.deepEqual([udp!.kind, udp!.time], ["flow-begin", "2026-11-25T12:00:01.000Z"]);
  assert.equal(udp!.data["original"], "udp 10.0.0.4:3000 > 203.0.113.8:53");
  assert.match(String(udp!.data["translated"]), /^udp 198\.51\.100\.7:\d+ > 10\.0\.0\.8:53$/);
  assert.deepEqual([udp!.data["from"], udp!.data["to"]], ["blue", "green"]);
  assert.equal(icmp!.data["original"], "icmp 10.0.0.4 > 203.0.113.8 id=7");
  flows.gateway.sweep(256, 1_000_000);
  news.take(flows.block(1_000_000));
  const [end] = heard.filter(({ data }) => String(data["original"]).startsWith("udp"));
  assert.equal(end!.kind, "flow-end");
  assert.deepEqual([end!.data["cause"], end!.data["packets"]], ["idle", [1, 0]]);
});

test("what is recorded for a NAT log alone is told to nobody", () => {
  const { heard, news, listen } = newsOf();
  const before = new NatEvents(natConfig(), FLOWS, true);
  before.send("blue", "udp 10.0.0.4:3000 > 203.0.113.8:53", 1000);
  news.take(before.block(1000));
  listen();
  const log = new NatEvents(natConfig(), FLOWS);
  log.send("blue", "udp 10.0.0.4:3000 > 203.0.113.8:53", 1000);
  news.take(log.block(1000));
  const endpoints = new NatEvents(natConfig(), ENDPOINTS);
  endpoints.send("blue", "udp 10.0.0.4:3000 > 203.0.113.8:53", 1000);
  news.take(endpoints.block(1000));
  news.tick();
  assert.deepEqual(heard, []);
});

test("a thousand flows a second are told, and how many more there were", () => {
  const { heard, news, listen, clock } = newsOf();
  listen();
  const flows = new NatEvents(natConfig(), FLOWS, true);
  flows.send("blue", "udp 10.0.0.4:3000 > 203.0.113.8:53", 1000);
  const block = flows.block(1000);
  const words = new Int32Array(600 * block.words.length);
  for (let i = 0; i < 600; i++) words.set(block.words, i * block.words.length);
  const many = { ...block, words, count: 600 };
  news.take(many);
  news.take(many);
  assert.equal(heard.length, 1000);
  clock.advance(1000);
  news.tick();
  assert.deepEqual([heard.at(-1)!.kind, heard.at(-1)!.data["lost"]], ["flows-lost", 200]);
  // What the data path had no room for counts too.
  news.take({ ...block, lost: 30 });
  clock.advance(1000);
  news.tick();
  assert.deepEqual(heard.at(-1)!.data, { lost: 30 });
  clock.advance(1000);
  news.tick();
  assert.equal(heard.length, 1003);
});

test("one who does not read misses flows, is told how many, and is not cut off by them", () => {
  const hub = new EventHub();
  const stream = eventStream(hub, ["flows", "config"]);
  const event = { original: "x".repeat(1000) };
  for (let i = 0; i < 1000; i++) hub.tell("flow-begin", event);
  hub.tell("applied", {});
  assert.equal(stream.destroyed, false);
  const text = allOf(stream);
  const told = text.match(/^event: flow-begin$/gm)!.length;
  assert.ok(told > 50 && told < 200, `${told}`);
  assert.match(text, /event: applied\n/);
  hub.tell("flow-begin", event);
  const more = allOf(stream);
  assert.ok(more.startsWith("event: flows-lost\n"), more);
  assert.match(more, new RegExp(`"lost":${1000 - told}\\}`));
  // Others are few, or something is wrong.
  for (let i = 0; i < 1000; i++) hub.tell("applied", event);
  assert.equal(stream.destroyed, true);
});

/** What waits for whoever reads. */
function allOf(stream: Readable): string {
  let text = "";
  for (let part = stream.read(); part !== null; part = stream.read()) text += String(part);
  return text;
}

let api: Api;
beforeEach(() => {
  api = new Api();
});
afterEach(() => api.close());

for (const query of ["kinds=", "kinds=flow", "kinds=flows,", "kinds=flows&kinds=pools", "kind=x"]) {
  test(`nobody listens by ${query}`, async () => {
    const { status } = await api.request(`/v1/events?${query}`);
    assert.equal(status, 400);
  });
}

test("all but flows is heard by whoever does not choose", () => {
  const stream = eventStream(api.events);
  for (const topic of ["config", "notices", "pools", "drops"] as const) {
    assert.ok(api.events.isWanted(topic), topic);
  }
  assert.equal(api.events.isWanted("flows"), false);
  stream.destroy();
});

test("drops are told a few at a time, none from before, and nobody asks unless wanted", async () => {
  let asked = 0;
  const drops = new DropNews({
    events: api.events,
    ask: (after, most) => {
      asked++;
      return api.ask("dropNews", { after, most });
    },
  });
  const blue = rawInterface(api.gateway, "blue");
  const drop = (port: number) =>
    pass(api.gateway, blue, buildPacket(parsePacket(`udp 10.0.0.4:${port} > 10.1.0.1:99`)));
  const dropElsewhere = () =>
    pass(api.gateway, blue, buildPacket(parsePacket("udp 10.0.0.4:1 > 10.77.0.1:99")));
  drop(1);
  await drops.tick();
  assert.equal(asked, 0);
  const heard: LiveEvent[] = [];
  const end = api.events.listen((event) => heard.push(event), ["drops"]);
  await drops.tick();
  assert.deepEqual([asked, heard.length], [1, 0]);
  dropElsewhere();
  await drops.tick();
  const [event] = heard.splice(0);
  assert.equal(event!.kind, "drop");
  const { number, ...data } = event!.data;
  assert.equal(number, 2);
  assert.deepEqual(data, {
    reason: "no-peering",
    from: "blue",
    to: null,
    interface: "blue",
    step: data["step"],
    packet: "udp 10.0.0.4:1 > 10.77.0.1:99",
  });
  await drops.tick();
  assert.equal(heard.length, 0);
  end();
  await drops.tick();
  assert.equal(asked, 3);
});

test("of drops that are alike the newest is told, and how many others were sampled", async () => {
  const { gateway } = api;
  const blue = rawInterface(gateway, "blue");
  const drops = new DropNews({
    events: api.events,
    ask: (after, most) => api.ask("dropNews", { after, most }),
  });
  const heard: LiveEvent[] = [];
  api.events.listen((event) => heard.push(event), ["drops"]);
  await drops.tick();
  for (let i = 0; i < 4; i++) {
    gateway.receive(blue, buildPacket(parsePacket(`udp 10.0.0.4:${i + 1} > 10.77.0.1:99`)));
    gateway.run(1000 * i);
    gateway.clear();
  }
  await drops.tick();
  assert.deepEqual(
    heard.map(({ kind, data }) => [kind, data["packet"] ?? data["lost"]]),
    [
      ["drop", "udp 10.0.0.4:4 > 10.77.0.1:99"],
      ["drops-lost", 3],
    ],
  );
});
