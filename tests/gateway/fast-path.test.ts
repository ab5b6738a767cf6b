// The fast path does exactly what the long way does: the same frames through two gateways, one of
// which is traced and therefore walks every step, give the same frames, outcomes, flows and counts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Random, seededRandom } from "../../src/base/random.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { buildPacket, describePacket, parsePacket } from "../../src/wire/notation.ts";
import { ethernetFrame, vxlanFrame } from "../support/frames.ts";
import { configOf } from "../support/gateway.ts";

const SEED = Number(process.env["ISTHMUS_SEED"] ?? 20261123);
const CONFIG = configOf({
  vpcs: { a: { vni: 100 }, b: { vni: 200 }, c: { vni: 300 }, d: { vni: 400 } },
  peerings: {
    "a--b": {
      peering: {
        a: {
          expose: [
            {
              ips: [{ cidr: "10.0.0.0/24" }],
              as: [{ cidr: "20.0.0.0/30" }],
              nat: { masquerade: {} },
            },
            {
              ips: [{ cidr: "2001:db8:1::/64" }],
              as: [{ cidr: "2001:db8:a::1/128" }],
              nat: { masquerade: {} },
            },
          ],
        },
        b: {
          expose: [
            { ips: [{ cidr: "10.0.0.0/24" }], as: [{ cidr: "30.0.0.0/24" }], nat: { static: {} } },
            {
              ips: [{ cidr: "10.9.0.1/32" }],
              as: [{ cidr: "31.0.0.1/32" }],
              nat: { portForward: { ports: [{ port: "80", as: "8080" }] } },
            },
            { ips: [{ cidr: "2001:db8:2::/64" }] },
          ],
        },
      },
    },
    "b--d": {
      peering: {
        b: {
          expose: [
            { ips: [{ cidr: "10.0.0.0/24" }], as: [{ cidr: "50.0.0.0/24" }], nat: { static: {} } },
            {
              ips: [{ cidr: "2001:db8:2::/64" }],
              as: [{ cidr: "2001:db8:b::/64" }],
              nat: { static: {} },
            },
          ],
        },
        d: {
          expose: [
            { ips: [{ cidr: "60.0.0.0/24" }] },
            {
              ips: [{ cidr: "61.0.0.0/24", ports: "80-99" }],
              as: [{ cidr: "62.0.0.0/24", ports: "180-199" }],
              nat: { static: {} },
            },
            {
              ips: [{ cidr: "2001:db8:3::/64" }],
              as: [{ cidr: "2001:db8:c::/64" }],
              nat: { static: {} },
            },
          ],
        },
      },
    },
    "a--c": {
      peering: {
        a: {
          expose: [
            {
              ips: [{ cidr: "10.0.0.0/24" }],
              as: [{ cidr: "20.1.0.0/30" }],
              nat: { masquerade: {} },
            },
          ],
        },
        c: { expose: [{ ips: [{ cidr: "40.0.0.0/24" }] }] },
      },
      acl: {
        rules: [{ from: "a", action: "deny", scope: "packet", match: { proto: "udp" } }],
      },
    },
  },
  isthmus: { vpcs: { b: { mtu: 600 } } },
});

const REQUESTS = [
  "udp 10.0.0.$h:$p > 30.0.0.$h:53 len=$l",
  "udp 10.0.0.$h:$p > 30.0.0.$h:53 len=$l checksum=0",
  "udp 10.0.0.$h:$p > 30.0.0.$h:53 len=$l checksum=bad",
  "udp 10.0.0.$h:$p > 31.0.0.1:8080 len=$l df",
  "udp 10.0.0.$h:$p > 40.0.0.$h:9",
  "tcp 10.0.0.$h:$p > 40.0.0.$h:80 ack",
  "tcp 10.0.0.$h:$p > 30.0.0.$h:80 ack len=$l",
  "tcp 10.0.0.$h:$p > 30.0.0.$h:80 ack,urg ttl=$t",
  "udp [2001:db8:1::$h]:$p > [2001:db8:2::1]:53 len=$l",
  "tcp [2001:db8:1::$h]:$p > [2001:db8:2::1]:80 ack ttl=$t",
];
const FROM_B = [
  "udp 10.0.0.$h:$p > 60.0.0.$h:53 len=$l",
  "udp 10.0.0.$h:$p > 60.0.0.$h:53 checksum=0",
  "tcp 10.0.0.$h:$p > 60.0.0.$h:80 ack ttl=$t checksum=bad",
  "tcp 10.0.0.$h:$p > 60.0.0.$h:80 syn",
  "udp 10.0.0.$h:$p > 62.0.0.$h:185",
  "udp [2001:db8:2::$h]:$p > [2001:db8:c::$h]:53 len=$l",
  "tcp [2001:db8:2::$h]:$p > [2001:db8:c::$h]:80 ack ttl=$t",
  "udp 10.7.0.$h:$p > 60.0.0.$h:53",
];
const OPENERS = [
  "tcp 10.0.0.$h:$p > 30.0.0.$h:80 syn",
  "tcp 10.0.0.$h:$p > 40.0.0.$h:80 syn",
  "tcp [2001:db8:1::$h]:$p > [2001:db8:2::1]:80 syn",
  "tcp 10.0.0.$h:$p > 30.0.0.$h:80 fin,ack",
  "tcp 10.0.0.$h:$p > 30.0.0.$h:80 rst",
];

type Kind = "vxlan" | "ethernet" | "bare";

function gatewayWith(kind: Kind): { gateway: Gateway; interfaces: Map<string, number> } {
  const gateway = new Gateway({ slots: 64, flowCapacity: 256 }, { random: seededRandom(7) });
  gateway.apply(CONFIG);
  const link = kind === "bare" ? "raw-ip" : "ethernet";
  const interfaces = new Map(
    ["a", "b", "c", "d"].map((vpc) => {
      const own = kind === "vxlan" ? undefined : vpc;
      const options = { name: vpc, link, vpc: own, vxlan: kind === "vxlan" } as const;
      return [vpc, gateway.addInterface(options)];
    }),
  );
  return { gateway, interfaces };
}

const VNIS: Record<string, number> = { a: 100, b: 200, c: 300, d: 400 };

function frameOf(kind: Kind, vpc: string, packet: Uint8Array, random: Random): Uint8Array {
  if (kind === "bare") return packet;
  const padTo = random.below(2) * 60;
  const frame = ethernetFrame(packet, { padTo, vlans: random.below(20) === 0 ? [7] : [] });
  return kind === "ethernet" ? frame : vxlanFrame(VNIS[vpc] ?? 0, frame);
}

function fill(text: string, random: Random): string {
  return text
    .replaceAll("$h", `${1 + random.below(4)}`)
    .replace("$p", `${3000 + random.below(3)}`)
    .replace("$l", `${random.below(8) === 0 ? 601 : 60 + random.below(500)}`)
    .replace("$t", `${1 + random.below(4)}`);
}

/** The packet that answers the one described, in notation. */
function answerTo(text: string): string {
  const [, protocol, from, to, rest = ""] = /^(\S+) (\S+) > (\S+)(.*)$/.exec(text) ?? [];
  return `${protocol} ${to} > ${from}${rest.replace(/ (syn|fin|rst)\S*/, " ack")}`;
}

/** One byte changed, or the end cut off. */
function damage(frame: Uint8Array, random: Random): Uint8Array {
  const copy = frame.slice(0, random.below(4) === 0 ? random.below(frame.length) : frame.length);
  if (copy.length > 0) copy[random.below(copy.length)] = random.below(256);
  return copy;
}

/** Both gateways with the same traffic, one batch after the other. */
class Pair {
  readonly fast: ReturnType<typeof gatewayWith>;
  readonly long: ReturnType<typeof gatewayWith>;
  readonly #kind: Kind;
  readonly #random: Random;
  readonly #answers: { vpc: string; text: string }[] = [];

  constructor(kind: Kind, random: Random) {
    this.#kind = kind;
    this.#random = random;
    this.fast = gatewayWith(kind);
    this.long = gatewayWith(kind);
  }

  /** Packets that open or close connections come alone: in a batch with others of their flow they
   * may be overtaken. */
  batch(now: number): void {
    const random = this.#random;
    const size = 1 + random.below(6);
    const list = size === 1 && random.below(2) === 0 ? OPENERS : REQUESTS;
    const sent = Array.from({ length: size }, () => this.#receive(list));
    this.fast.gateway.run(now);
    this.long.gateway.run(now, []);
    for (const [i, text] of sent.entries()) this.#compare(i, text);
    this.fast.gateway.clear();
    this.long.gateway.clear();
  }

  #receive(list: readonly string[]): string {
    const random = this.#random;
    const answer = random.below(2) === 0 ? this.#answers.pop() : undefined;
    const fromB = answer === undefined && list === REQUESTS && random.below(3) === 0;
    const texts = fromB ? FROM_B : list;
    const text = answer?.text ?? fill(texts[random.below(texts.length)] ?? "", random);
    const vpc = answer?.vpc ?? (fromB ? "b" : "a");
    const whole = frameOf(this.#kind, vpc, buildPacket(parsePacket(text)), random);
    const frame = random.below(10) === 0 ? damage(whole, random) : whole;
    for (const { gateway, interfaces } of [this.fast, this.long]) {
      gateway.receive(interfaces.get(vpc) ?? 0, frame);
    }
    return `${vpc} ${text}`;
  }

  #compare(index: number, text: string): void {
    const outcome = this.fast.gateway.outcome(index);
    assert.deepEqual(outcome, this.long.gateway.outcome(index), text);
    const { verdict, to = "", packet } = outcome;
    if (verdict !== "sent" || this.#answers.length > 20) return;
    const out = describePacket(packet);
    if (/^(udp|tcp)/.test(out)) this.#answers.push({ vpc: to, text: answerTo(out) });
  }
}

for (const kind of ["vxlan", "ethernet", "bare"] as const) {
  test(`${kind}: 1,000 batches are the same by the fast path and step by step`, () => {
    const random = seededRandom(SEED);
    const pair = new Pair(kind, random);
    const { fast, long } = pair;
    let now = 1_795_000_000_000;
    for (let round = 0; round < 1000; round++) {
      now += random.below(20) === 0 ? random.below(400_000) : random.below(100);
      pair.batch(now);
      assert.deepEqual(fast.gateway.flows(), long.gateway.flows(), `round ${round}`);
    }
    const counts = fast.gateway.counts();
    assert.ok(counts.fast > 300, `${counts.fast} packets took the fast path`);
    assert.deepEqual({ ...counts, fast: 0 }, long.gateway.counts());
  });
}
