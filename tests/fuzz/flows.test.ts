// Random conversations through exposes of all kinds, with a small flow table, a clock that jumps and
// configurations that change: whatever goes out can be answered, the answer is the reverse of the
// request, every packet is accounted for, and in the end nothing is left behind.

import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../src/base/random.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { buildPacket, describePacket, parsePacket } from "../../src/wire/notation.ts";
import { verifyChecksums } from "../../src/wire/verify-checksums.ts";
import { configOf, rawInterface } from "../support/gateway.ts";

const SEED = Number(process.env["ISTHMUS_SEED"] ?? 20261123);
const STEPS = 6_000;
const CAPACITY = 24;

interface Wishes {
  readonly options?: object;
  readonly hairpin?: boolean;
}

function config(pool: string, target: string, { options = {}, hairpin = false }: Wishes = {}) {
  const masquerade = (ips: string, as: string) => ({
    ips: [{ cidr: ips }],
    as: [{ cidr: as }],
    nat: { masquerade: { ports: "2000-2011", ...options } },
  });
  const nat = (ips: string, as: string, mode: object) => ({
    ips: [{ cidr: ips }],
    as: [{ cidr: as }],
    nat: mode,
  });
  const forward = { portForward: { ports: [{ port: "80-83", as: "2000-2003" }] } };
  return configOf({
    vpcs: { one: { vni: 100 }, two: { vni: 200 } },
    peerings: {
      p: {
        peering: {
          one: {
            hairpin,
            expose: [
              masquerade("10.0.0.0/24", pool),
              nat("10.0.0.2/32", pool, forward),
              nat("10.1.0.0/24", "20.1.0.0/24", { static: {} }),
              masquerade("2001:db8:1::/64", "2001:db8:a::1/128"),
            ],
          },
          two: {
            expose: [
              nat("10.0.0.0/24", "30.0.0.0/24", { static: {} }),
              nat(target, "31.0.0.1/32", forward),
              { ips: [{ cidr: "2001:db8:2::/64" }] },
            ],
          },
        },
      },
    },
  });
}

const CONFIGS = [
  config("20.0.0.1/32", "10.5.0.1/32"),
  config("20.0.0.2/32", "10.5.0.1/32"),
  config("20.0.0.1/32", "10.5.0.2/32"),
  config("20.0.0.1/32", "10.5.0.1/32", {
    options: { mapping: "address-and-port-dependent", flowsPerHost: 3 },
  }),
  config("20.0.0.1/32", "10.5.0.1/32", {
    options: { filtering: "endpoint-independent", portPreservation: true },
    hairpin: true,
  }),
  config("20.0.0.1/32", "10.5.0.1/32", {
    options: { flowsPerHost: 2, portParity: true },
    hairpin: true,
  }),
];

const FROM_ONE = [
  "udp 10.0.0.$h:$p > 30.0.0.$h:53",
  "udp 10.0.0.$h:$p > 31.0.0.1:2001",
  "udp 10.1.0.$h:$p > 31.0.0.1:2001",
  "udp 10.1.0.$h:$p > 30.0.0.$h:2001",
  "tcp 10.0.0.$h:$p > 30.0.0.1:80 syn",
  "tcp 10.0.0.$h:$p > 30.0.0.1:80 ack",
  "tcp 10.0.0.$h:$p > 30.0.0.1:80 fin,ack",
  "tcp 10.0.0.$h:$p > 31.0.0.1:2000 rst",
  "icmp 10.0.0.$h > 30.0.0.$h echo-request id=$p",
  "icmp 2001:db8:1::$h > 2001:db8:2::$h echo-request id=$p",
  "tcp [2001:db8:1::$h]:$p > [2001:db8:2::1]:80 syn",
  "udp [2001:db8:1::$h]:$p > [2001:db8:2::1]:53",
  // Hairpins, where they are allowed.
  "udp 10.0.0.$h:$p > 20.0.0.1:2001",
  "udp 10.0.0.$h:$p > 20.0.0.1:2005",
  "udp 10.1.0.$h:$p > 20.1.0.$h:7",
];
const FROM_TWO = [
  "udp 10.0.0.$h:$p > 20.0.0.1:2001",
  "tcp 10.0.0.$h:$p > 20.0.0.1:2002 syn",
  "udp 10.0.0.$h:$p > 20.1.0.$h:53",
  "udp 10.0.0.$h:53 > 20.0.0.1:2005",
  "udp [2001:db8:2::1]:53 > [2001:db8:a::1]:2005",
];

/** The packet that answers the one described, in notation. */
function answerTo(text: string): string {
  const [, protocol, from, to, rest = ""] = /^(\S+) (\S+) > (\S+)(.*)$/.exec(text) ?? [];
  const flags = rest.replace("echo-request", "echo-reply").replace(/ (syn|ack|rst|fin|,)+/, " ack");
  return `${protocol} ${to} > ${from}${flags}`;
}

test(`${STEPS} random packets: answers are reverses, nothing leaks`, () => {
  const random = seededRandom(SEED);
  const gateway = new Gateway(
    { slots: 64, flowCapacity: CAPACITY },
    { random: seededRandom(SEED) },
  );
  gateway.apply(CONFIGS[0]!);
  const interfaces = { one: rawInterface(gateway, "one"), two: rawInterface(gateway, "two") };
  let now = 1_795_000_000_000;
  const pass = (vpc: "one" | "two", text: string) => {
    gateway.receive(interfaces[vpc], buildPacket(parsePacket(text)));
    gateway.run(now);
    const { verdict, packet, to } = gateway.outcome(0);
    if (verdict === "sent") assert.deepEqual(verifyChecksums(packet), [], text);
    return { verdict, to, text: verdict === "sent" ? describePacket(packet) : "" };
  };
  let sent = 0;
  let hairpins = 0;
  for (let step = 0; step < STEPS; step++) {
    now += random.below(8) === 0 ? random.below(200_000) : random.below(50);
    if (random.below(100) === 0) gateway.apply(CONFIGS[random.below(CONFIGS.length)]!);
    const vpc = random.below(3) > 0 ? "one" : "two";
    const texts = vpc === "one" ? FROM_ONE : FROM_TWO;
    const text = texts[random.below(texts.length)]!.replaceAll(
      "$h",
      `${1 + random.below(3)}`,
    ).replace("$p", `${3000 + random.below(4)}`);
    const { verdict, text: out, to } = pass(vpc, text);
    const { flows, mappings, hosts } = gateway.tracked();
    const held = `${flows} flows, ${mappings} mappings, ${hosts} hosts`;
    assert.ok(flows <= 2 * CAPACITY && mappings <= 2 * flows && hosts <= flows, held);
    if (verdict !== "sent") continue;
    sent++;
    if (to === vpc) hairpins++;
    const back = pass(to === "one" ? "one" : "two", answerTo(out));
    assert.equal(back.verdict, "sent", `${text} became ${out}, its answer ${back.verdict}`);
    assert.equal(back.text, answerTo(describePacket(buildPacket(parsePacket(text)))));
  }
  assert.ok(sent > STEPS / 4 && hairpins > 0, `${sent} sent, ${hairpins} hairpins`);
  const counts = gateway.counts();
  const dropped = [...counts.dropped.values()].reduce((sum, count) => sum + count, 0);
  assert.equal(counts.received, counts.sent + counts.consumed + dropped);
  for (let i = 0; i < 10; i++) {
    now += 100_000_000;
    pass("one", "udp 9.9.9.9:1 > 9.9.9.8:2");
  }
  assert.deepEqual(gateway.tracked(), { flows: 0, mappings: 0, hosts: 0, datagrams: 0 });
});
