// An echo reply of nothing but zeros has a wrong checksum, which should be all ones; an update takes
// the two for the same number, and must not make it right.

import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../src/base/random.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { verifyChecksums } from "../../src/wire/verify-checksums.ts";
import { configOf, pass, rawInterface } from "../support/gateway.ts";

const CONFIG = configOf({
  vpcs: { a: { vni: 1 }, b: { vni: 2 } },
  peerings: {
    p: {
      peering: {
        a: {
          expose: [
            {
              ips: [{ cidr: "10.0.0.0/24" }],
              as: [{ cidr: "20.0.0.1/32" }],
              nat: { masquerade: {} },
            },
          ],
        },
        b: { expose: [{ ips: [{ cidr: "30.0.0.0/24" }] }] },
      },
    },
  },
});

for (const own of [5, 0, 0xffff]) {
  test(`a reply of zeros to a request whose identifier was ${own}`, () => {
    const options = { slots: 16, flowCapacity: 64, ports: "sequential" } as const;
    const gateway = new Gateway(options, { random: seededRandom(1) });
    gateway.apply(CONFIG);
    const [a, b] = [rawInterface(gateway, "a"), rawInterface(gateway, "b")];
    const request = buildPacket(parsePacket(`icmp 10.0.0.2 > 30.0.0.1 echo-request id=${own}`));
    const there = pass(gateway, a, request);
    assert.equal(
      new DataView(there.packet.slice().buffer).getUint16(24),
      0,
      "the public identifier",
    );
    const reply = buildPacket(parsePacket("icmp 30.0.0.1 > 20.0.0.1 echo-reply id=0 seq=0"));
    reply.fill(0, 20);
    const { verdict, packet } = pass(gateway, b, reply);
    assert.equal(verdict, "sent");
    assert.equal(verifyChecksums(packet)[0]?.header, "icmp");
    assert.equal(new DataView(packet.slice().buffer).getUint16(24), own);
  });
}
