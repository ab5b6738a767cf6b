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

for (const { v, host, peer, text } of FAMILIES) {
  test(`IPv${v}: the fast path does not cut the idle time short`, () => {
    const as = v === 4 ? "192.0.2.1/32" : "2001:db8::1/128";
    const preserving = { masquerade: { portPreservation: true } };
    const blue = { expose: [{ ips: [{ cidr: host }], as: [{ cidr: as }], nat: preserving }] };
    const green = { expose: [{ ips: [{ cidr: peer }] }] };
    const vpcs = { blue: { vni: 101 }, green: { vni: 102 } };
    const gateway = gatewayOf({ vpcs, peerings: { p: { peering: { blue, green } } } });
    const [out, back] = [rawInterface(gateway, "blue"), rawInterface(gateway, "green")];
    const answer =
      v === 4 ? "udp 10.1.0.1:53 > 192.0.2.1:3000" : "udp [fd01::1]:53 > [2001:db8::1]:3000";
    const send = (iface: number, packet: string, now: number) => {
      gateway.receive(iface, buildPacket(parsePacket(`${packet} len=100`)));
      gateway.run(now);
    };
    send(out, text, 0);
    send(back, answer, 0);
    send(out, text, 0);
    send(out, text, 199);
    assert.equal(gateway.counts().fast, 1);
    gateway.advance(199 + 300_000);
    assert.equal(gateway.flows().length, 1);
    gateway.advance(200 + 300_000);
    assert.equal(gateway.flows().length, 0);
  });
}
