// A gateway whose flows are recorded, and the records as a NAT log gets them.

import { seededRandom } from "../../src/base/random.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { type EventBlock, type NatRecord, readRecord } from "../../src/live/nat-log/record.ts";
import { RECORD_WORDS } from "../../src/tables/flow-events.ts";
import { TICK_MILLIS } from "../../src/tables/flow-timers.ts";
import { buildPacket, parsePacket } from "../../src/wire/notation.ts";
import { configOf, rawInterface } from "./gateway.ts";

/** 2026-11-25T12:00:00Z. */
export const NOON = Date.UTC(2026, 10, 25, 12);

/** Hosts of blue masquerade towards green, IPv4 and IPv6; green forwards a port to one of its own. */
export function natConfig(options: object = {}): object {
  const masquerade = { masquerade: options };
  const [ips, as] = [
    [{ cidr: "10.0.0.0/24" }, { cidr: "2001:db8:1::/64" }],
    [{ cidr: "198.51.100.7/32" }, { cidr: "2001:db8:ff::7/128" }],
  ] as const;
  const blue = ips.map((each, index) => ({ ips: [each], as: [as[index]], nat: masquerade }));
  const green = [
    {
      ips: [{ cidr: "10.0.0.0/24" }],
      as: [{ cidr: "203.0.113.0/24" }],
      nat: { static: {} },
    },
    { ips: [{ cidr: "2001:db8:2::/64" }] },
  ];
  const peering = { blue: { expose: blue }, green: { expose: green } };
  return {
    vpcs: { blue: { vni: 101 }, green: { vni: 102 } },
    peerings: { "blue--green": { peering } },
  };
}

export class NatEvents {
  readonly gateway: Gateway;
  readonly #ifaces: ReadonlyMap<string, number>;

  /** `what` is one of flow-events.ts. */
  constructor(config: object, what: number, destinations = false, capacity = 64) {
    this.gateway = new Gateway({ flowCapacity: 256 }, { random: seededRandom(1) });
    this.gateway.apply(configOf(config));
    this.#ifaces = new Map(["blue", "green"].map((vpc) => [vpc, rawInterface(this.gateway, vpc)]));
    this.gateway.parts.flows.events.record(what, destinations, capacity);
  }

  /** A packet in notation from that VPC, `now` in milliseconds; the drop code or "sent". */
  send(vpc: string, notation: string, now: number): string {
    this.gateway.receive(this.#ifaces.get(vpc)!, buildPacket(parsePacket(notation)));
    this.gateway.run(now);
    const { verdict } = this.gateway.outcome(0);
    this.gateway.clear();
    return verdict;
  }

  /** As if it were `now`, which is NOON later. */
  block(now: number): EventBlock {
    const { events } = this.gateway.parts.flows;
    const words = new Int32Array(1024 * RECORD_WORDS);
    const count = events.take(words, 1024);
    const tick = Math.floor(now / TICK_MILLIS);
    const millis = NOON + tick * TICK_MILLIS;
    return { words: words.slice(0, count * RECORD_WORDS), count, tick, millis, lost: events.lost };
  }

  records(now: number): NatRecord[] {
    const block = this.block(now);
    const numbers = Array.from({ length: block.count }, (_, index) => index * RECORD_WORDS);
    return numbers.map((at) => readRecord(block, at, TICK_MILLIS));
  }
}
