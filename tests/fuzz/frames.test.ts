// Ten thousand frames, random or damaged, of every kind: no exception, and each is accounted for.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Random, seededRandom } from "../../src/base/random.ts";
import { buildPacket, describePacket, parsePacket } from "../../src/wire/notation.ts";
import { verifyChecksums } from "../../src/wire/verify-checksums.ts";
import { ethernetFrame, vxlanFrame } from "../support/frames.ts";
import { ethernetInterface, gatewayOf, rawInterface } from "../support/gateway.ts";

const FRAMES = 10_000;
const SEED = Number(process.env["ISTHMUS_SEED"] ?? 20261123);

const CONFIG = `
vpcs: { blue: { vni: 101 }, green: { vni: 102 }, red: { vni: 103 } }
peerings:
  blue--green:
    peering:
      blue:
        expose:
          - { ips: [{ cidr: 10.0.0.0/24 }], as: [{ cidr: 192.0.2.0/24 }], nat: { static: {} } }
          - { ips: [{ cidr: 10.1.0.0/24, ports: "1-999" }], as: [{ cidr: 192.0.3.0/24, ports: "1001-1999" }], nat: { static: {} } }
          - { ips: [{ cidr: "2001:db8:1::/64" }], as: [{ cidr: "2001:db8:b::/64" }], nat: { static: {} } }
      green:
        expose:
          - { ips: [{ cidr: 10.0.0.0/24 }], as: [{ cidr: 198.51.100.0/24 }], nat: { static: {} } }
          - { ips: [{ cidr: "2001:db8:1::/64" }], as: [{ cidr: "2001:db8:c::/64" }], nat: { static: {} } }
    acl: { default: deny-unless-exposed, rules: [{ from: blue, action: deny, scope: packet, match: { proto: udp, dst: [{ ports: ["53"] }] } }] }
  blue--red:
    peering:
      blue: { expose: [{ ips: [{ cidr: 10.0.0.0/24 }], as: [{ cidr: 203.0.113.1/32 }], nat: { masquerade: {} } }] }
      red: { expose: [{ default: true }] }
`;

const PACKETS = [
  "tcp 10.0.0.4:30000 > 198.51.100.8:80 syn mss=1460",
  'udp 10.0.0.4:1000 > 198.51.100.8:53 data="question"',
  "udp 10.1.0.4:500 > 198.51.100.8:9",
  'icmp 10.0.0.4 > 198.51.100.8 echo-request id=1 seq=2 data="ping"',
  "icmp 10.0.0.4 > 198.51.100.8 port-unreachable { udp 198.51.100.8:7 > 10.0.0.4:9 }",
  "icmp 10.1.0.4 > 198.51.100.8 time-exceeded { tcp 198.51.100.8:7 > 10.1.0.4:9 ack }",
  "udp 10.0.0.4:1000 > 198.51.100.8:53 mf len=500 id=7",
  'udp 10.0.0.4 > 198.51.100.8 frag=480 id=7 data="rest"',
  "proto-47 10.0.0.4 > 198.51.100.8",
  "tcp [2001:db8:1::4]:30000 > [2001:db8:c::8]:80 syn",
  "icmp 2001:db8:1::4 > 2001:db8:c::8 packet-too-big mtu=1280 { udp [2001:db8:c::8]:1 > [2001:db8:1::4]:2 }",
  "udp [2001:db8:1::4]:7 > [2001:db8:c::8]:9 mf len=528 id=9",
  "udp 10.0.0.4:1000 > 8.8.8.8:53",
].map((text) => buildPacket(parsePacket(text)));

/** A packet as it is, damaged, cut off, or nothing but noise; in Ethernet, VXLAN or bare. */
function makeFrame(random: Random): { frame: Uint8Array; raw: boolean } {
  const packet = PACKETS[random.below(PACKETS.length)]!.slice();
  const raw = random.below(4) === 0;
  let frame = raw ? packet : ethernetFrame(packet, { padTo: random.below(2) * 60 });
  if (!raw && random.below(2) === 0) frame = vxlanFrame(101 + random.below(4), frame);
  const kind = random.below(8);
  if (kind === 0) frame = Uint8Array.from({ length: random.below(200) }, () => random.below(256));
  if (kind >= 2) {
    const changes = random.below(4);
    for (let i = 0; i < changes && frame.length > 0; i++) {
      frame[random.below(frame.length)] = random.below(256);
    }
  }
  if (kind === 7) frame = frame.subarray(0, random.below(frame.length + 1));
  return { frame, raw };
}

test(`${FRAMES} hostile frames: no exception, each accounted for`, () => {
  const random = seededRandom(SEED);
  const gateway = gatewayOf(CONFIG);
  const wire = ethernetInterface(gateway, { vpc: "blue" });
  const bare = rawInterface(gateway, "blue");
  let pending = 0;
  let sent = 0;
  const settle = () => {
    const count = gateway.run(0);
    // Fragments that have waited may come back.
    assert.ok(count >= pending);
    for (let index = 0; index < count; index++) {
      const outcome = gateway.outcome(index);
      assert.notEqual(outcome.verdict, "none");
      assert.equal(typeof describePacket(outcome.packet, "full"), "string");
      if (outcome.verdict !== "sent") continue;
      sent++;
      // Headers that the gateway writes are right, whatever came.
      assert.ok(
        !verifyChecksums(outcome.packet).some(({ header, quoted }) => header === "ipv4" && !quoted),
      );
    }
    gateway.clear();
    pending = 0;
  };
  for (let i = 0; i < FRAMES; i++) {
    const { frame, raw } = makeFrame(random);
    if (!gateway.receive(raw ? bare : wire, frame)) {
      settle();
      assert.ok(gateway.receive(raw ? bare : wire, frame));
    }
    pending++;
  }
  settle();
  const counts = gateway.counts();
  const dropped = [...counts.dropped.values()].reduce((sum, count) => sum + count, 0);
  assert.equal(counts.received, FRAMES);
  assert.equal(counts.sent + counts.consumed + dropped + counts.waiting, FRAMES);
  assert.equal(counts.sent, sent);
  assert.ok(sent > FRAMES / 10, `only ${sent} got through: the damage hides the rest`);
  assert.ok(counts.dropped.size > 15, "many different reasons");
});
