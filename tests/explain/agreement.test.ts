// An explanation says what happens: the same packets through a gateway that nobody looks into end
// the same way, with the same bytes, flows and counts.

import assert from "node:assert/strict";
import fc from "fast-check";
import { seededRandom } from "../../src/base/random.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { explainLive, explainRun } from "../../src/insight/explain/explain.ts";
import type { PacketExplanation } from "../../src/insight/explain/explanation.ts";
import { type NextPacket, readNext } from "../../src/insight/explain/next-packet.ts";
import { ExplainSession } from "../../src/insight/explain/session.ts";
import { finish } from "../../src/insight/work.ts";
import { buildPacket, describePacket, parsePacket } from "../../src/wire/notation.ts";
import { configOf, rawInterface } from "../support/gateway.ts";
import { property } from "../support/property.ts";

const MODES = [
  "",
  "nat: { static: {} }",
  "nat: { masquerade: {} }",
  "nat: { masquerade: { filtering: endpoint-independent, flowsPerHost: 2 } }",
  'nat: { portForward: { ports: [{ proto: udp, port: "10-12", as: "20-22" }] } }',
] as const;

interface Sent {
  readonly fromBlue: boolean;
  readonly protocol: "udp" | "tcp" | "icmp";
  readonly hosts: readonly [number, number];
  readonly ports: readonly [number, number];
  readonly flags: string;
  readonly ttl: number;
  /** Answers the packet that left last, if one did. */
  readonly answers: boolean;
}

function exposeOf(side: number, mode: number): string {
  const nat = MODES[mode]!;
  if (nat === "") return `{ ips: [{ cidr: 10.${side}.0.0/29 }] }`;
  const single = nat.includes("portForward");
  const [own, seen] = single
    ? [`10.${side}.0.1/32`, `20.${side}.0.1/32`]
    : [`10.${side}.0.0/29`, `20.${side}.0.0/29`];
  return `{ ips: [{ cidr: ${own} }], as: [{ cidr: ${seen} }], ${nat} }`;
}

function configText(modes: readonly [number, number], acl: boolean): string {
  const rule = "acl: { rules: [{ from: blue, action: deny, match: { proto: tcp } }] }";
  return `
vpcs: { blue: { vni: 101 }, green: { vni: 102 } }
peerings:
  p:
    peering:
      blue: { expose: [${exposeOf(1, modes[0])}] }
      green: { expose: [${exposeOf(2, modes[1])}] }
    ${acl ? rule : ""}
`;
}

function gatewayOf(modes: readonly [number, number], acl: boolean) {
  const text = configText(modes, acl);
  const gateway = new Gateway({ slots: 64, flowCapacity: 16 }, { random: seededRandom(7) });
  gateway.apply(configOf(text));
  const ifaces = [rawInterface(gateway, "blue"), rawInterface(gateway, "green")] as const;
  return { gateway, ifaces };
}

function notationOf(sent: Sent, modes: readonly [number, number]): string {
  const { fromBlue, protocol, hosts, ports, flags, ttl } = sent;
  const [own, other] = fromBlue ? [1, 2] : [2, 1];
  const net = MODES[modes[other - 1]!] === "" ? 10 : 20;
  const [source, destination] = [`10.${own}.0.${hosts[0]}`, `${net}.${other}.0.${hosts[1]}`];
  const rest = `ttl=${ttl}`;
  if (protocol === "icmp")
    return `icmp ${source} > ${destination} echo-request id=${ports[0]} ${rest}`;
  const packet = `${protocol} ${source}:${ports[0]} > ${destination}:${ports[1]}`;
  return protocol === "tcp" ? `${packet} ${flags} ${rest}` : `${packet} ${rest}`;
}

/** The packet that answers one. */
function turned(notation: string): string {
  const [protocol, source, arrow, destination, ...rest] = notation.split(" ");
  const words = rest.map((word) => word.replace("echo-request", "echo-reply"));
  return [protocol, destination, arrow, source, ...words].join(" ");
}

const port = fc.integer({ min: 8, max: 24 });
const host = fc.integer({ min: 0, max: 9 });
const packet: fc.Arbitrary<Sent> = fc.record({
  fromBlue: fc.boolean(),
  protocol: fc.constantFrom("udp", "tcp", "icmp"),
  hosts: fc.tuple(host, host),
  ports: fc.tuple(port, port),
  flags: fc.constantFrom("syn", "syn,ack", "ack", "rst", "fin,ack"),
  ttl: fc.constantFrom(1, 2, 64),
  answers: fc.boolean(),
});
const mode = fc.nat({ max: MODES.length - 1 });

property(
  "what is explained is what happens",
  [fc.tuple(mode, mode), fc.boolean(), fc.array(packet, { minLength: 1, maxLength: 12 })],
  (modes, acl, packets) => {
    // Two sides that only answer refuse each other at the door.
    const closed = modes.filter((each) => each >= 2).length === 2;
    fc.pre(!closed);
    const explained = gatewayOf(modes, acl);
    const ordinary = gatewayOf(modes, acl);
    let left = "";
    let leftTo = "";
    for (const [index, each] of packets.entries()) {
      const answers = each.answers && left !== "";
      const given = answers ? turned(left) : notationOf(each, modes);
      const from = answers ? leftTo : each.fromBlue ? "blue" : "green";
      const frame = buildPacket(parsePacket(given));
      const side = from === "blue" ? 0 : 1;
      const now = index * 100;
      explained.gateway.receive(explained.ifaces[side], frame);
      const said = explainRun(explained.gateway, now, () => ({ from, given }))[0]!;
      ordinary.gateway.receive(ordinary.ifaces[side], frame);
      ordinary.gateway.run(now);
      const outcome = ordinary.gateway.outcome(0);
      assert.equal(said.verdict, outcome.verdict, given);
      for (const { step, looked } of said.steps) assert.notEqual(looked, "", step);
      const sent = outcome.verdict === "sent" ? [describePacket(outcome.packet)] : [];
      assert.deepEqual(said.sent, sent);
      const answered = ordinary.gateway.answers().map((answer) => describePacket(answer.packet));
      assert.deepEqual(
        said.answers.map((answer) => answer.packet),
        answered,
      );
      if (sent.length > 0) {
        left = describePacket(outcome.packet);
        leftTo = outcome.to ?? "";
      }
      ordinary.gateway.clear();
      assert.deepEqual(explained.gateway.flows(), ordinary.gateway.flows());
    }
    const { fast: _, ...counts } = ordinary.gateway.counts();
    const { fast: none, ...same } = explained.gateway.counts();
    assert.equal(none, 0);
    assert.deepEqual(same, counts);
  },
);

/** Offline a little time passes between two packets. */
function timeless(explanation: PacketExplanation): object {
  return { ...explanation, flow: explanation.flow && { ...explanation.flow, endsInMillis: 0 } };
}

property(
  "packets one after the other are explained by a gateway that runs as by one of their own",
  [fc.tuple(mode, mode), fc.boolean(), fc.array(packet, { minLength: 1, maxLength: 8 })],
  (modes, acl, packets) => {
    fc.pre(modes.filter((each) => each >= 2).length < 2);
    const config = configOf(configText(modes, acl));
    const session = new ExplainSession(config);
    const sizes = { slots: 64, flowCapacity: 1024 };
    const live = new Gateway(sizes, { random: seededRandom(1) });
    live.apply(config);
    const before = [live.counts(), live.tracked(), live.pool.free];
    const texts: string[] = [];
    const told: PacketExplanation[] = [];
    for (const each of packets) {
      const answers = each.answers && (told.at(-1)?.sent.length ?? 0) > 0;
      const vpc = each.fromBlue ? "blue" : "green";
      texts.push(answers ? "reply" : `${vpc}: ${notationOf(each, modes)}`);
      told.push(...session.next(texts.at(-1)!));
    }
    const said = finish(explainLive(live, 0, texts.map(readNext) as NextPacket[]));
    assert.deepEqual(said.map(timeless), told.map(timeless));
    assert.deepEqual([live.counts(), live.tracked(), live.pool.free], before);
  },
  { runs: 50 },
);
