// A gateway of its own, for one configuration, and packets one after the other: what is made by one
// is there for the next.

import { seededRandom } from "../../base/random.ts";
import type { Config } from "../../config/model.ts";
import { Gateway } from "../../gateway/gateway.ts";
import { SLOT_BYTES_MAX } from "../../packet/limits.ts";
import { explainRun, type Given } from "./explain.ts";
import type { PacketExplanation } from "./explanation.ts";
import { type NextPacket, nextAfter, readNext, readUnlessReply } from "./next-packet.ts";

/** Between two packets, in milliseconds. */
const STEP_MILLIS = 10;
const SLOTS = 1024;
const FLOWS_MAX = 1024;

export class ExplainSession {
  readonly #config: Config;
  readonly #gateway: Gateway;
  readonly #interfaces = new Map<string, number>();
  /** All so far, by their numbers. */
  readonly #given: Given[] = [];
  #now = 0;
  #last: PacketExplanation | undefined;

  /** The same numbers each time: what is chosen by chance is chosen by this seed. */
  constructor(config: Config) {
    this.#config = config;
    const flowCapacity = Math.min(config.flowTableCapacity, FLOWS_MAX);
    const { datagrams, waiting: waitingPackets } = config.fragments;
    const sizes = { slots: SLOTS, slotBytes: SLOT_BYTES_MAX, flowCapacity };
    const options = { ...sizes, datagrams, waitingPackets };
    this.#gateway = new Gateway(options, { random: seededRandom(1) });
    this.#gateway.apply(config);
  }

  /** "PACKET" in notation, or "reply" to the last one, from where the last one went; "VPC:
   * PACKET"; or "wait 5m", which is no packet. Throws like `explain`. */
  next(text: string): PacketExplanation[] {
    const next = readNext(text);
    if (!("waitMillis" in next)) return this.#explain(next);
    this.#now += next.waitMillis;
    return this.#run();
  }

  /** What becomes of the packet, and then of those that have waited until it came. `text` is in
   * notation, or "hex" and bytes. `from` is a VPC. Throws an Error with a sentence, a NotationError
   * for a packet that is none. */
  explain(text: string, from: string): PacketExplanation[] {
    return this.#explain({ from, packet: readUnlessReply(text) });
  }

  #explain(next: NextPacket): PacketExplanation[] {
    const packet = nextAfter(this.#last, next);
    const iface = this.#interfaceOf(packet.from);
    this.#gateway.receive(iface, packet.frame);
    this.#given.push(packet);
    const explanations = this.#run();
    this.#last = explanations[0];
    this.#now += STEP_MILLIS;
    return explanations;
  }

  #run(): PacketExplanation[] {
    return explainRun(this.#gateway, this.#now, (number) => this.#given[number]!);
  }

  #interfaceOf(vpc: string): number {
    const known = this.#interfaces.get(vpc);
    if (known !== undefined) return known;
    const names = this.#config.vpcs.map(({ name }) => name);
    if (!names.includes(vpc)) {
      throw new Error(`There is no VPC "${vpc}"; there are ${names.join(", ")}.`);
    }
    const iface = this.#gateway.addInterface({ name: vpc, link: "raw-ip", vpc, vxlan: false });
    this.#interfaces.set(vpc, iface);
    return iface;
  }
}
