// Sends a capture through a gateway and tells what became of each packet. Knows no files: chunks of
// the capture come in, frames with their stories go out.

import { alignedMemory } from "../../base/arena.ts";
import { seededRandom } from "../../base/random.ts";
import type { Config } from "../../config/model.ts";
import { type CapturedFrame, linkKind } from "../../drivers/capture.ts";
import { CaptureReader } from "../../drivers/pcap-read.ts";
import { type Answer, type Counts, Gateway } from "../../gateway/gateway.ts";
import type { Outcome } from "../../gateway/outcome.ts";
import { BATCH_MAX, SLOT_BYTES_MAX } from "../../packet/limits.ts";

export interface ReplayOptions {
  readonly config: Config;
  /** The VPC of frames that come in no tunnel. */
  readonly from?: string | undefined;
  /** By interface name: its VPC. */
  readonly map: ReadonlyMap<string, string>;
}

/** A packet and what became of it. Views are valid until the visitor returns. */
export interface Replayed {
  /** In the capture, from 1. */
  readonly number: number;
  /** When it left, or was dropped: later than it came if it had to wait. */
  readonly nanos: bigint;
  readonly frame: CapturedFrame;
  readonly linkType: number;
  readonly outcome: Outcome;
  /** The IP packet between VPCs as it came; empty when none was found. */
  readonly packet: Uint8Array;
  /** What the gateway itself said about it. */
  readonly answer?: Answer | undefined;
}

/** A batch is one moment to the gateway: packets further apart are not put together. */
const BATCH_NANOS = 10_000_000n;

export class Replay {
  readonly #options: ReplayOptions;
  readonly #visit: (replayed: Replayed) => void;
  readonly #reader = new CaptureReader();
  readonly #gateway: Gateway;
  /** By capture interface: the gateway's. */
  readonly #interfaces: number[] = [];
  /** By link and VPC: the gateway's interface; captures may have any number that are alike. */
  readonly #shared = new Map<string, number>();
  readonly #names = new Set<string>();
  #unreadable: string | undefined;
  #batch: CapturedFrame[] = [];
  /** Frames that the gateway keeps, copied, by the number it gave them. */
  readonly #waiting = new Map<number, CapturedFrame>();
  #received = 0;
  /** Now, for packets that have waited. */
  #nanos = 0n;
  readonly #lost = new Map<string | undefined, number>();

  constructor(options: ReplayOptions, visit: (replayed: Replayed) => void) {
    this.#options = options;
    this.#visit = visit;
    const flowCapacity = options.config.flowTableCapacity;
    const { datagrams, waiting: waitingPackets } = options.config.fragments;
    // As many again for what the gateway answers, and for the pieces of a long packet.
    const slots = 4 * BATCH_MAX;
    const sizes = { slots, slotBytes: SLOT_BYTES_MAX, flowCapacity, datagrams, waitingPackets };
    this.#gateway = new Gateway(sizes, { random: seededRandom(1), memory: alignedMemory });
    this.#gateway.apply(options.config);
  }

  /** Why the capture could not be read to its end. */
  get trouble(): string | undefined {
    return this.#reader.trouble;
  }

  /** About frames that could not be read because of what their interface is. */
  get unreadable(): string | undefined {
    return this.#unreadable;
  }

  /** Interfaces of `map` that the capture did not have. */
  get unknownInterfaces(): readonly string[] {
    return [...this.#options.map.keys()].filter((name) => !this.#names.has(name));
  }

  counts(): Counts {
    return this.#gateway.counts();
  }

  /** Packets dropped before it was known where they go, by the VPC they came from, if known. */
  get lost(): ReadonlyMap<string | undefined, number> {
    return this.#lost;
  }

  push(chunk: Uint8Array): void {
    const frames = this.#reader.push(chunk);
    this.#addInterfaces();
    for (const frame of frames) {
      const [first] = this.#batch;
      const apart = first !== undefined && frame.nanos - first.nanos > BATCH_NANOS;
      if (apart || this.#gateway.keepsFlows || this.#gateway.cuts) this.#run();
      if (!this.#gateway.receive(this.#interfaces[frame.iface]!, frame.bytes)) {
        this.#run();
        this.#gateway.receive(this.#interfaces[frame.iface]!, frame.bytes);
      }
      this.#batch.push(frame);
    }
    this.#run();
    this.#reader.detach();
  }

  /** The capture is over; what still waits is given up. */
  end(): void {
    this.#reader.end();
    const { timeoutMillis } = this.#options.config.fragments;
    this.#nanos += BigInt(Math.ceil(2 * timeoutMillis)) * 1_000_000n;
    while (this.#waiting.size > 0) this.#process();
  }

  #addInterfaces(): void {
    const { interfaces } = this.#reader;
    for (const { linkType, name = "" } of interfaces.slice(this.#interfaces.length)) {
      this.#names.add(name);
      const link = linkKind(linkType) ?? "unknown";
      const { config, map, from } = this.#options;
      const named = config.vpcs.some((vpc) => vpc.name === name) ? name : undefined;
      const vpc = map.get(name) ?? named ?? from;
      const key = JSON.stringify([link, vpc]);
      const shared = this.#shared.get(key);
      const index = shared ?? this.#gateway.addInterface({ name, link, vpc, vxlan: true });
      this.#shared.set(key, index);
      this.#interfaces.push(index);
    }
  }

  #run(): void {
    const last = this.#batch.at(-1);
    if (last === undefined) return;
    this.#nanos = last.nanos;
    this.#process();
    this.#received += this.#batch.length;
    this.#batch = [];
  }

  #process(): void {
    const count = this.#gateway.run(Number(this.#nanos / 1_000_000n));
    const answers = this.#gateway.answers();
    for (let index = 0; index < count; index++) {
      this.#show(
        index,
        answers.find(({ cause }) => cause === index),
      );
    }
    this.#gateway.clear();
  }

  #show(index: number, answer: Answer | undefined): void {
    const outcome = this.#gateway.outcome(index);
    const { number } = outcome;
    const arrived = this.#batch[number - this.#received];
    const frame = arrived ?? this.#waiting.get(number)!;
    if (outcome.verdict === "waiting") {
      this.#waiting.set(number, { ...frame, bytes: frame.bytes.slice() });
      return;
    }
    this.#waiting.delete(number);
    const { offset, packet, from, to } = outcome;
    if (to === undefined && outcome.verdict !== "consumed") {
      this.#lost.set(from, (this.#lost.get(from) ?? 0) + 1);
    }
    const { linkType, name } = this.#reader.interfaces[frame.iface]!;
    if (outcome.verdict === "unknown-link-type") {
      this.#unreadable ??= `packet ${number + 1}, and maybe others: interface "${name ?? ""}" has link type ${linkType}; only Ethernet and raw IP can be read`;
    }
    this.#visit({
      number: number + 1,
      nanos: arrived ? frame.nanos : this.#nanos,
      frame,
      linkType,
      outcome,
      answer,
      packet: offset < 0 ? new Uint8Array(0) : frame.bytes.subarray(offset, offset + packet.length),
    });
  }
}
