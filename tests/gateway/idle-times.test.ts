// Flows are idle for as long as they may, to the millisecond and no less, whichever way their last
// packet took. Stories are followed step by step, so they never see the fast path.

import assert from "node:assert/strict";
import { test } from "node:test";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { gatewayOf, rawInterface } from "../support/gateway.ts";

const FAMILIES = [
  { v: 4, host: "10.0.0.0/24", peer: "10.1.0.0/24", text: "udp 10.0.0.1:3000 > 10.1.0.1:53" },
  { v: 6, host: "fd00::/64", peer: "fd01::/64", text: "udp [fd00::1]:3000 > [fd01::1]:53" },
];

/** Blue's host behind a masquerade, and green's. */
function play({ v, host, peer, text }: (typeof FAMILIES)[number]) {
  const as = v === 4 ? "192.0.2.1/32" : "2001:db8::1/128";
  const preserving = { masquerade: { portPreservation: true } };
  const blue = { expose: [{ ips: [{ cidr: host }], as: [{ cidr: as }], nat: preserving }] };
  const green = { expose: [{ ips: [{ cidr: peer }] }] };
  const vpcs = { blue: { vni: 101 }, green: { vni: 102 } };
  const gateway = gatewayOf({ vpcs, peerings: { p: { peering: { blue, green } } } });
  const [out, back] = [rawInterface(gateway, "blue"), rawInterface(gateway, "green")];
  const reply =
    v === 4 ? "udp 10.1.0.1:53 > 192.0.2.1:3000" : "udp [fd01::1]:53 > [2001:db8::1]:3000";
  const send = (iface: number, packet: string, now: number) => {
    const { fast } = gateway.counts();
    gateway.receive(iface, buildPacket(parsePacket(`${packet} len=100`)));
    gateway.run(now);
    return gateway.counts().fast > fast;
  };
  const ask = (now: number) => send(out, text, now);
  const answer = (now: number) => send(back, reply, now);
  const lives = (now: number) => {
    gateway.advance(now);
    return gateway.flows().length === 1;
  };
  return { ask, answer, lives, state: () => gateway.flows()[0]?.state };
}

for (const family of FAMILIES) {
  test(`IPv${family.v}: the fast path does not cut the idle time short`, () => {
    const { ask, answer, lives } = play(family);
    ask(0);
    answer(0);
    ask(0);
    assert.ok(ask(199));
    assert.ok(lives(199 + 300_000));
    assert.ok(!lives(200 + 300_000));
  });

  test(`IPv${family.v}: unanswered flows of UDP take the fast path, and its time`, () => {
    const { ask, answer, lives, state } = play(family);
    assert.ok(!ask(0));
    assert.ok(ask(199));
    assert.equal(state(), "one-way");
    assert.ok(lives(199 + 120_000));
    assert.ok(ask(200));
    assert.ok(answer(300));
    assert.equal(state(), "two-way");
    assert.ok(ask(399));
    assert.equal(state(), "established");
    assert.ok(lives(399 + 300_000));
    assert.ok(!lives(400 + 300_000));
  });
}
