// VPP's echo_reply_trailer: bytes behind an echo reply in its Ethernet frame, through a flow. A story
// has packets, not frames, so this stands here.

import assert from "node:assert/strict";
import { test } from "node:test";
import { buildPacket, describePacket, parsePacket } from "../../src/wire/notation.ts";
import { verifyChecksums } from "../../src/wire/verify-checksums.ts";
import { ethernetFrame } from "../support/frames.ts";
import { ethernetInterface, gatewayOf, pass } from "../support/gateway.ts";

const NAT = `
vpcs: { inside: { vni: 101 }, outside: { vni: 102 } }
peerings:
  p:
    peering:
      inside:
        expose:
          - ips: [{ cidr: 10.0.0.0/24 }]
            as: [{ cidr: 192.0.2.1/32 }]
            nat: { masquerade: { allocation: sequential } }
      outside: { expose: [{ ips: [{ cidr: 198.51.100.0/24 }] }] }
`;

test("VPP echo_reply_trailer: what stands behind an echo reply in its frame is not summed", () => {
  const gateway = gatewayOf(NAT);
  const inside = ethernetInterface(gateway, { name: "in", vpc: "inside" });
  const outside = ethernetInterface(gateway, { name: "out", vpc: "outside" });
  const request = buildPacket(parsePacket("icmp 10.0.0.1 > 198.51.100.1 echo-request id=7"));
  assert.equal(pass(gateway, inside, ethernetFrame(request)).verdict, "sent");
  const reply = buildPacket(parsePacket("icmp 198.51.100.1 > 192.0.2.1 echo-reply id=0"));
  const frame = ethernetFrame(reply, { padTo: 60 });
  frame.fill(0xaa, 14 + reply.length);
  const outcome = pass(gateway, outside, frame);
  assert.match(
    describePacket(outcome.packet),
    /^icmp 198\.51\.100\.1 > 10\.0\.0\.1 echo-reply .*id=7/,
  );
  assert.deepEqual(verifyChecksums(outcome.packet), []);
});
