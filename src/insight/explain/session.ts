// A gateway of its own, for one configuration, and packets one after the other: what is made by one
// is there for the next.

import { seededRandom } from "../../base/random.ts";
import type { Config } from "../../config/model.ts";
import { Gateway } from "../../gateway/gateway.ts";
import { SLOT_BYTES_MAX } from "../../packet/limits.ts";
import { buildGivenPacket, parseGivenPacket } from "../../wire/packet-text.ts";
import { explain } from "./explain.ts";
import type { PacketExplanation } from "./explanation.ts";
import { answerTo } from "./flow.ts";

/** In place of a packet: the answer to the last one, as it got there. */
const REPLY = "reply";
const MILLIS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Between two packets, in milliseconds. */
const STEP_MILLIS = 10;
const SLOTS = 1024;
const FLOWS_MAX = 1024;

export class ExplainSession {
  readonly #config: Config;
  readonly #gateway: Gateway;
  readonly #interfaces = new Map<string, number>();
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
   * PACKET"; or "wait 5m", which is no packet and explains nothing. Throws like `explain`. */
  next(text: string): PacketExplanation | undefined {
    const [, amount, unit = ""] = /^wait (\d+)(ms|s|m|h)$/.exec(text) ?? [];
    if (amount !== undefined) {
      this.#now += Number(amount) * MILLIS[unit]!;
      return undefined;
    }
    const [, vpc, packet = text] = /^([\w.-]+): +(.+)$/s.exec(text) ?? [];
    return this.explain(packet, vpc);
  }

  /** `text` is a packet in notation, REPLY, or "hex" and digits. `from` is a VPC; where the last
   * packet went when absent. Throws an Error with a sentence, a NotationError for a packet that
   * is none. */
  explain(text: string, from = this.#last?.to): PacketExplanation {
    const given = text === REPLY ? this.#reply() : text;
    if (from === undefined)
      throw new Error("The last packet went nowhere: say which VPC it is from.");
    const frame = readPacket(given);
    const iface = this.#interfaceOf(from);
    const now = this.#now;
    this.#now += STEP_MILLIS;
    this.#last = explain(this.#gateway, { from, iface, frame, given, now });
    return this.#last;
  }

  #reply(): string {
    const [sent] = this.#last?.sent ?? [];
    if (sent === undefined) throw new Error("Nothing came out of the last packet to reply to.");
    return answerTo(sent).replace(/ syn(?= |$)/, " syn,ack");
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

/** The bytes of an IP packet: in notation, or "hex" and digits. Throws a NotationError. */
export function readPacket(text: string): Uint8Array {
  return buildGivenPacket(parseGivenPacket(text));
}
