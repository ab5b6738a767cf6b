// What is recorded of flows and public endpoints as packets pass, for NAT logs.

import assert from "node:assert/strict";
import { test } from "node:test";
import { endpointText, type NatRecord } from "../../src/live/nat-log/record.ts";
import { ENDPOINTS, FLOWS } from "../../src/tables/flow-events.ts";
import { configOf } from "../support/gateway.ts";
import { NatEvents, NOON, natConfig } from "../support/nat-events.ts";

function short(record: NatRecord): string {
  const { event, millis, from, to, protocol, source, cause = "", packets } = record;
  const counted = event === "flow-end" ? ` ${packets.join("/")}` : "";
  const seconds = (millis - NOON) / 1000;
  const [before, after] = [endpointText(source), endpointText(record.public)];
  const known = after.replace(/:\d+$/, ":$p");
  return `${seconds} ${event} ${from}>${to} ${protocol} ${before} ${known} ${cause}${counted}`.trim();
}

test("a flow begins with its first packet and ends when it has been idle", () => {
  const events = new NatEvents(natConfig(), FLOWS);
  const there = "udp 10.0.0.4:3000 > 203.0.113.8:53";
  events.send("blue", there, 1000);
  events.send("blue", there, 2000);
  const [begin] = events.records(2000);
  assert.equal(short(begin!), "1 flow-begin 101>102 17 10.0.0.4:3000 198.51.100.7:$p");
  assert.equal(begin!.destination, undefined);
  const { port } = begin!.public;
  assert.equal(events.send("green", `udp 10.0.0.8:53 > 198.51.100.7:${port}`, 3000), "sent");
  // Idle for five minutes from the last packet on, then two minutes of rest.
  events.gateway.sweep(256, 3_000 + 300_000);
  assert.deepEqual(events.records(303_000), []);
  events.gateway.sweep(256, 500_000);
  const [end] = events.records(500_000);
  assert.equal(short(end!), "303 flow-end 101>102 17 10.0.0.4:3000 198.51.100.7:$p idle 2/1");
  assert.equal(end!.public.port, port);
  assert.deepEqual(end!.bytes, [56, 28]);
});

test("a connection that a host resets has ended so; IPv6 with destinations", () => {
  const events = new NatEvents(natConfig(), FLOWS, true);
  const there = "tcp [2001:db8:1::4]:3000 > [2001:db8:2::8]:80";
  events.send("blue", `${there} syn`, 1000);
  const [begin] = events.records(1000);
  assert.equal(endpointText(begin!.public).startsWith("[2001:db8:ff::7]:"), true);
  assert.equal(endpointText(begin!.destination!), "[2001:db8:2::8]:80");
  assert.equal(endpointText(begin!.newDestination!), "[2001:db8:2::8]:80");
  const back = `tcp [2001:db8:2::8]:80 > ${endpointText(begin!.public)}`;
  events.send("green", `${back} syn,ack ack=1`, 1100);
  events.send("blue", `${there} ack seq=1 ack=1`, 1200);
  events.send("green", `${back} rst seq=1`, 1300);
  events.gateway.sweep(256, 10_000_000);
  assert.deepEqual(
    events.records(10_000_000).map(({ event, cause }) => [event, cause]),
    [["flow-end", "reset"]],
  );
});

test("a flow that ends at once, as the short times have it, is told once", () => {
  const timers = { preset: "reference" };
  const events = new NatEvents({ ...natConfig(), isthmus: { timers } }, FLOWS);
  const there = "tcp 10.0.0.4:3000 > 203.0.113.8:80";
  events.send("blue", `${there} syn`, 1000);
  const [begin] = events.records(1000);
  const back = `tcp 10.0.0.8:80 > ${endpointText(begin!.public)}`;
  events.send("green", `${back} syn,ack ack=1`, 1100);
  events.send("blue", `${there} ack seq=1 ack=1`, 1200);
  events.send("blue", `${there} rst seq=1`, 1300);
  const [end] = events.records(1300);
  assert.deepEqual([end!.event, end!.cause, end!.millis - NOON], ["flow-end", "reset", 1300]);
  events.gateway.sweep(256, 10_000_000);
  assert.deepEqual(events.records(10_000_000), []);
});

test("a configuration that ends flows is told as that", () => {
  const events = new NatEvents(natConfig(), FLOWS);
  events.send("blue", "udp 10.0.0.4:3000 > 203.0.113.8:53", 1000);
  events.records(1000);
  events.gateway.apply(configOf({ vpcs: { blue: { vni: 101 }, green: { vni: 102 } } }));
  const [end] = events.records(1000);
  assert.match(short(end!), /^1 flow-end .* revoked 1\/0$/);
});

test("an endpoint is given with its first flow and comes back, after its rest, with the last", () => {
  const events = new NatEvents(natConfig(), ENDPOINTS);
  events.send("blue", "udp 10.0.0.4:3000 > 203.0.113.8:53", 1000);
  events.send("blue", "udp 10.0.0.4:3000 > 203.0.113.9:53", 2000);
  events.send("blue", "udp [2001:db8:1::4]:7 > [2001:db8:2::8]:53", 3000);
  events.gateway.sweep(256, 1_000_000);
  events.gateway.sweep(256, 1_000_000);
  assert.deepEqual(events.records(1_000_000).map(short), [
    "1 endpoint-begin 101>102 17 10.0.0.4:3000 198.51.100.7:$p",
    "3 endpoint-begin 101>102 17 [2001:db8:1::4]:7 [2001:db8:ff::7]:$p",
    "1000 endpoint-end 101>102 17 10.0.0.4:3000 198.51.100.7:$p",
    "1000 endpoint-end 101>102 17 [2001:db8:1::4]:7 [2001:db8:ff::7]:$p",
  ]);
});

test("where hosts share endpoints their flows are recorded, as endpoints would not tell", () => {
  const options = { mapping: "address-and-port-dependent" };
  const events = new NatEvents(natConfig(options), ENDPOINTS);
  events.send("blue", "udp 10.0.0.4:3000 > 203.0.113.8:53", 1000);
  assert.deepEqual(
    events.records(1000).map(({ event }) => event),
    ["flow-begin"],
  );
});

test("a ping has its identifier as port", () => {
  const events = new NatEvents(natConfig(), FLOWS, true);
  events.send("blue", "icmp 10.0.0.4 > 203.0.113.8 echo-request id=7 seq=1", 1000);
  const [{ source, destination, newDestination, public: published }] = events.records(1000) as [
    NatRecord,
  ];
  assert.equal(endpointText(source), "10.0.0.4:7");
  assert.equal(destination?.port, 7);
  assert.equal(newDestination?.port, published.port);
});

test("without room records are lost, packets are not", () => {
  const events = new NatEvents(natConfig(), FLOWS, false, 2);
  const ports = [1, 2, 3, 4, 5].map((port) => 3000 + port);
  const verdicts = ports.map((port) =>
    events.send("blue", `udp 10.0.0.4:${port} > 203.0.113.8:53`, 1000),
  );
  assert.deepEqual(verdicts, ["sent", "sent", "sent", "sent", "sent"]);
  const { count, lost } = events.block(1000);
  assert.deepEqual([count, lost], [2, 3]);
});
