// What a flow says of itself: packets and bytes in each direction.

import assert from "node:assert/strict";
import { test } from "node:test";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { gatewayOf, pass, rawInterface } from "../support/gateway.ts";

const CONFIG = {
  vpcs: { blue: { vni: 101 }, green: { vni: 102 } },
  peerings: {
    p: {
      peering: {
        blue: {
          expose: [
            {
              ips: [{ cidr: "10.0.0.0/24" }],
              as: [{ cidr: "192.0.2.1/32" }],
              nat: { masquerade: { portPreservation: true } },
            },
            {
              ips: [{ cidr: "2001:db8:1::/64" }],
              as: [{ cidr: "2001:db8:9::1/128" }],
              nat: { masquerade: { portPreservation: true } },
            },
          ],
        },
        green: {
          expose: [{ ips: [{ cidr: "10.1.0.0/24" }] }, { ips: [{ cidr: "2001:db8:2::/64" }] }],
        },
      },
    },
  },
};

for (const [family, out, back] of [
  [4, "udp 10.0.0.1:2000 > 10.1.0.1:53", "udp 10.1.0.1:53 > 192.0.2.1:2000"],
  [
    6,
    "udp [2001:db8:1::1]:2000 > [2001:db8:2::1]:53",
    "udp [2001:db8:2::1]:53 > [2001:db8:9::1]:2000",
  ],
] as const) {
  test(`IPv${family}: every packet of a flow is counted, in its direction, with its bytes`, () => {
    const gateway = gatewayOf(CONFIG);
    const [blue, green] = [rawInterface(gateway, "blue"), rawInterface(gateway, "green")];
    const send = (iface: number, text: string) =>
      assert.equal(pass(gateway, iface, buildPacket(parsePacket(text))).verdict, "sent");
    send(blue, `${out} len=100`);
    send(green, `${back} len=200`);
    for (let i = 0; i < 5; i++) send(blue, `${out} len=300`);
    send(green, `${back} len=400`);
    const [flow, ...more] = gateway.flows();
    assert.equal(more.length, 0);
    assert.deepEqual(flow?.packets, [6, 2]);
    assert.deepEqual(flow?.bytes, [1600, 600]);
    assert.equal(flow?.state, "established");
    assert.deepEqual(
      gateway.counts().pairs.map(({ from, to, packets, bytes }) => [from, to, packets, bytes]),
      [
        ["blue", "green", 6, 1600],
        ["green", "blue", 2, 600],
      ],
    );
  });
}
