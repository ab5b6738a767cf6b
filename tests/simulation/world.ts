// Hosts that talk through the gateway, and links that lose, double, reorder and damage packets. All
// by chance, and all chance from one seed.

import type { Random } from "../../src/base/random.ts";
import { addressBehind } from "./address.ts";
import { Conversation } from "./conversation.ts";
import { damage } from "./craft.ts";
import {
  type ConfigModel,
  type ExposeModel,
  ICMP,
  ICMPV6,
  type Range,
  type SideModel,
  TCP,
  UDP,
} from "./model.ts";
import type { Packet } from "./packet.ts";

/** A packet that a link holds back. */
interface Late {
  readonly bytes: Uint8Array;
  readonly vpc: number;
}

/** Who sent a packet of the batch, to tell the other side. */
interface Sender {
  conversation: Conversation | undefined;
  fromClient: boolean;
}

const LATE_MAX = 64;
/** A protocol without ports (GRE). */
const OTHER = 47;

export class World {
  readonly #random: Random;
  readonly #conversations: (Conversation | undefined)[];
  readonly #senders: Sender[];
  readonly #late: Late[] = [];
  #config: ConfigModel;
  #id = 0;

  constructor(random: Random, config: ConfigModel, conversations: number) {
    this.#random = random;
    this.#config = config;
    this.#conversations = new Array(conversations).fill(undefined);
    this.#senders = Array.from({ length: 256 }, () => ({
      conversation: undefined,
      fromClient: true,
    }));
  }

  configure(config: ConfigModel): void {
    this.#config = config;
  }

  /** Writes the packets of the next batch. */
  speak(packets: readonly Packet[], count: number): void {
    for (let i = 0; i < count; i++) this.#speak(packets[i]!, this.#senders[i]!);
  }

  #speak(packet: Packet, sender: Sender): void {
    const random = this.#random;
    sender.conversation = undefined;
    const late = random.below(32) === 0 ? this.#late.pop() : undefined;
    if (late !== undefined) {
      packet.copy(late.bytes, late.vpc);
      return;
    }
    const place = random.below(this.#conversations.length);
    let conversation = this.#conversations[place];
    if (conversation === undefined || conversation.isOver || random.below(512) === 0) {
      conversation = this.#converse();
      this.#conversations[place] = conversation;
    }
    this.#id = (this.#id + 1) & 0xffff;
    sender.conversation = conversation;
    sender.fromClient = conversation.say(packet, random, this.#id);
    const fate = random.below(64);
    if (fate < 2) damage(packet, random.below(8), random.below(0x10000));
    if (fate === 63 && this.#late.length < LATE_MAX) {
      // It comes twice, or the next time somebody else's comes first.
      const place = random.below(this.#late.length + 1);
      this.#late.splice(place, 0, { bytes: packet.bytes.slice(), vpc: packet.vpc });
    }
  }

  /** Packet number `i` came out of the gateway, in that VPC. */
  deliver(i: number, out: Uint8Array, to: number): void {
    const { conversation, fromClient } = this.#senders[i]!;
    if (conversation === undefined || this.#random.below(50) === 0) return;
    conversation.hear(fromClient, out, to, this.#random);
  }

  #converse(): Conversation {
    const random = this.#random;
    const { sides } = this.#pick(this.#config.peerings);
    const [own, peer] = random.below(2) === 0 ? sides : [sides[1], sides[0]];
    const target = own.hairpin && random.below(4) === 0 ? own : peer;
    const v6 = random.below(4) === 0 && hasV6(own) && hasV6(target);
    const from = this.#endpoint(own, v6, "privates", sending);
    const to = this.#endpoint(target, v6, "publics", receiving);
    const protocol = this.#protocol(v6);
    return new Conversation(
      protocol,
      {
        vpc: own.vpc,
        protocol,
        source: from.address,
        sourcePort: from.port ?? (random.below(8) === 0 ? 2000 : 3000) + random.below(24),
        destination: to.address,
        destinationPort: to.port ?? [53, 80, 443][random.below(3)]!,
      },
      random,
    );
  }

  #protocol(v6: boolean): number {
    const chance = this.#random.below(32);
    if (chance < 17) return TCP;
    if (chance < 27) return UDP;
    return chance < 31 ? (v6 ? ICMPV6 : ICMP) : OTHER;
  }

  #endpoint(
    { exposes }: SideModel,
    v6: boolean,
    list: "privates" | "publics",
    wanted: (expose: ExposeModel) => boolean,
  ) {
    const random = this.#random;
    const ofFamily = exposes.filter(({ privates }) => privates[0]!.first.v6 === v6);
    const fitting = ofFamily.filter(wanted);
    const some = fitting.length > 0 && random.below(32) > 0 ? fitting : ofFamily;
    const expose = this.#pick(some.length > 0 ? some : exposes);
    const { first, count, ports } = this.#pick<Range>(expose[list]);
    const address = addressBehind(first, first.host + random.below(count));
    const inPool = list === "publics" && expose.masquerade !== undefined;
    const span = inPool ? narrow(expose.masquerade!.ports) : ports;
    return { address, port: span && span[0] + random.below(span[1] - span[0] + 1) };
  }

  #pick<T>(values: readonly T[]): T {
    return values[this.#random.below(values.length)]!;
  }
}

function hasV6({ exposes }: SideModel): boolean {
  return exposes.some(({ privates }) => privates[0]!.first.v6);
}

function sending({ kind }: ExposeModel): boolean {
  return kind !== "port-forward";
}

function receiving({ kind, masquerade }: ExposeModel): boolean {
  return kind !== "masquerade" || masquerade?.open === true;
}

/** Where somebody may be found. */
function narrow([first, last]: readonly [number, number]): readonly [number, number] {
  return [first, Math.min(last, first + 100)];
}
