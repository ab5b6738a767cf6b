// A packet that ends where the memory of all packets ends: nobody reads behind it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../src/base/random.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { ethernetFrame } from "../support/frames.ts";
import { configOf, ethernetInterface } from "../support/gateway.ts";

const SLOTS = 16;
const FRAME_MAX = 512 - 128;
const OPTIONS = 320;

/** A later fragment of ICMPv6 with two bytes, the first of which looks like an echo request. */
function lastFragment(): Uint8Array {
  const header = buildPacket(parsePacket("proto-59 2001:db8:1::1 > 2001:db8:2::1"));
  const packet = new Uint8Array(40 + OPTIONS + 8 + 2);
  packet.set(header.subarray(0, 40));
  new DataView(packet.buffer).setUint16(4, packet.length - 40);
  packet[6] = 0;
  packet.set([44, OPTIONS / 8 - 1], 40);
  packet.set([58, 0, 0, 0x10], 40 + OPTIONS);
  packet.set([128, 0], 40 + OPTIONS + 8);
  return ethernetFrame(packet);
}

test("a later fragment at the very end of the pool", () => {
  const gateway = new Gateway(
    { slots: SLOTS, slotBytes: 512, flowCapacity: 64 },
    { random: seededRandom(1) },
  );
  const side = (cidr: string, nat?: object) => ({ expose: [{ ips: [{ cidr }], ...nat }] });
  gateway.apply(
    configOf({
      vpcs: { a: { vni: 1 }, b: { vni: 2 } },
      peerings: {
        p: {
          peering: {
            a: side("2001:db8:1::/64", {
              as: [{ cidr: "2001:db8:9::1/128" }],
              nat: { masquerade: {} },
            }),
            b: side("2001:db8:2::/64"),
          },
        },
      },
    }),
  );
  const iface = ethernetInterface(gateway, { vpc: "a" });
  const first = "udp [2001:db8:1::1]:7 > [2001:db8:2::1]:8";
  gateway.receive(iface, ethernetFrame(buildPacket(parsePacket(first))));
  gateway.run(0);
  const frame = lastFragment();
  assert.equal(frame.length, FRAME_MAX);
  for (let i = 0; i < SLOTS; i++) assert.ok(gateway.receive(iface, frame));
  gateway.run(0);
  for (let i = 0; i < SLOTS; i++) {
    assert.equal(gateway.outcome(i).verdict, i === 0 ? "waiting" : "fragment-duplicate");
  }
});
