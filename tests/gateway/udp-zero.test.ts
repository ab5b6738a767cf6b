// A UDP checksum that comes out as zero is sent as all ones (RFC 768), on the fast path and step by
// step, by rule and by flow, over IPv4 and IPv6.

import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../src/base/random.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { configOf, rawInterface } from "../support/gateway.ts";

const nat = (ips: string, as: string, mode: object) => ({
  ips: [{ cidr: ips }],
  as: [{ cidr: as }],
  nat: mode,
});
const CONFIG = configOf({
  vpcs: { a: { vni: 1 }, b: { vni: 2 } },
  peerings: {
    p: {
      peering: {
        a: {
          expose: [
            nat("10.0.0.0/24", "20.0.0.0/24", { static: {} }),
            nat("10.1.0.0/24", "20.1.0.1/32", { masquerade: {} }),
            nat("2001:db8:1::/64", "2001:db8:a::/64", { static: {} }),
            nat("2001:db8:2::/64", "2001:db8:b::1/128", { masquerade: {} }),
          ],
        },
        b: { expose: [{ ips: [{ cidr: "30.0.0.0/24" }] }, { ips: [{ cidr: "2001:db8:3::/64" }] }] },
      },
    },
  },
});

for (const [name, there, back, checksum] of [
  ["by rule, IPv4", "10.0.0.1:1 > 30.0.0.1:2", "", 26],
  ["by flow, IPv4", "10.1.0.1:1 > 30.0.0.1:2", "30.0.0.1:2 > 20.1.0.1:1024", 26],
  ["by rule, IPv6", "[2001:db8:1::1]:1 > [2001:db8:3::1]:2", "", 46],
  [
    "by flow, IPv6",
    "[2001:db8:2::1]:1 > [2001:db8:3::1]:2",
    "[2001:db8:3::1]:2 > [2001:db8:b::1]:1024",
    46,
  ],
] as const) {
  for (const traced of [false, true]) {
    test(`UDP checksum zero ${name}, ${traced ? "step by step" : "fast"}`, () => {
      const options = { slots: 16, flowCapacity: 64, ports: "sequential" } as const;
      const gateway = new Gateway(options, { random: seededRandom(1) });
      gateway.apply(CONFIG);
      const [a, b] = [rawInterface(gateway, "a"), rawInterface(gateway, "b")];
      const send = (iface: number, bytes: Uint8Array) => {
        gateway.receive(iface, bytes);
        gateway.run(1000, traced ? [] : undefined);
        const { verdict, packet } = gateway.outcome(0);
        assert.equal(verdict, "sent");
        return packet.slice();
      };
      const udp = (text: string, data: string) =>
        buildPacket(parsePacket(`udp ${text} data="${data}"`));
      // A flow that is established, where there is one.
      for (const way of back === "" ? [] : [there, back, there]) {
        send(way === back ? b : a, udp(way, "xx"));
      }
      // Two bytes equal to the checksum that comes out without them make it zero.
      const plain = send(a, udp(there, "\\x00\\x00"));
      const hex = (byte: number) => `\\x${byte.toString(16).padStart(2, "0")}`;
      const out = send(a, udp(there, hex(plain[checksum]!) + hex(plain[checksum + 1]!)));
      assert.deepEqual([out[checksum], out[checksum + 1]], [0xff, 0xff]);
      assert.equal(gateway.counts().fast > 0, !traced);
    });
  }
}
