// What is counted, what is bounded, and what is none of the gateway's business.

import assert from "node:assert/strict";
import { test } from "node:test";
import { buildAnswer } from "../../src/links/frames.ts";
import { macOf } from "../support/live-gateway.ts";
import { frame, GW, HOST, ip, SERVER, start, UDP } from "./blue-and-green.ts";

test("what was held counts like any other packet; the gateway's own answers do not", () => {
  const live = start();
  live.send("b0", frame(HOST, GW.b0, UDP), frame(HOST, GW.b0, "udp 10.0.0.4:5 > 10.0.0.1:53"));
  assert.equal(live.gateway.counts().waiting, 1);
  const asker = (own: string, port: "b0" | "g0") => ({ address: ip(own), mac: macOf(GW[port]) });
  live.send("g0", buildAnswer(ip("10.0.0.8"), macOf(SERVER), asker("10.0.0.1", "g0")));
  live.send("b0", buildAnswer(ip("10.0.0.4"), macOf(HOST), asker("10.0.0.1", "b0")));
  const { received, sent, consumed, dropped, waiting, pairs } = live.gateway.counts();
  assert.deepEqual([received, sent, consumed, dropped.size, waiting], [4, 1, 2, 1, 0]);
  assert.deepEqual(
    pairs.map(({ from, to, packets, bytes }) => ({ from, to, packets, bytes })),
    [{ from: "blue", to: "green", packets: 1, bytes: 28 }],
  );
});

test("there is room for what is held, however often something was", () => {
  const live = start();
  const asker = { address: ip("10.0.0.1"), mac: macOf(GW.g0) };
  for (let i = 0; i < 1100; i++) {
    live.down("g0");
    live.up("g0");
    live.send("b0", frame(HOST, GW.b0, UDP));
    live.send("g0", buildAnswer(ip("10.0.0.8"), macOf(SERVER), asker));
  }
  const { sent, dropped } = live.gateway.counts();
  assert.deepEqual([sent, [...dropped]], [1100, []]);
});

test("what waits for a VPC that is no more is given up", () => {
  const live = start();
  live.send("b0", frame(HOST, GW.b0, UDP));
  live.apply("vpcs: { blue: { vni: 101 } }\n");
  live.wait(0);
  const { waiting, dropped } = live.gateway.counts();
  assert.deepEqual([waiting, dropped.get("neighbor-unresolved")], [0, 1]);
});

test("its own words that come back are nobody else's", () => {
  const live = start();
  live.send("b0", buildAnswer(ip("10.0.0.1"), macOf(GW.b0), undefined));
  assert.deepEqual(live.notices, []);
});

test("parts of a ping, and pings to groups, are not answered", () => {
  const live = start();
  const ping = "icmp 10.0.0.4 > 10.0.0.1 echo-request id=7 seq=1 mf len=100";
  assert.deepEqual(live.send("b0", frame(HOST, GW.b0, ping)), []);
  const all = "icmp 2001:db8:1::4 > ff02::1 echo-request id=7 seq=1";
  assert.deepEqual(live.send("b0", frame(HOST, "33:33:00:00:00:01", all)), []);
  const { dropped } = live.gateway.counts();
  assert.deepEqual([dropped.get("for-the-gateway"), dropped.get("not-for-us")], [1, 1]);
});
