// A gateway and the oracle in one world: both are given the same, and must agree about everything.

import { type Random, seededRandom } from "../../src/base/random.ts";
import { loadConfig } from "../../src/config/load.ts";
import type { Config } from "../../src/config/model.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import type { Outcome } from "../../src/gateway/outcome.ts";
import { natModes } from "../../src/nat/modes.ts";
import { DROP } from "../../src/packet/verdict.ts";
import { joinPieces } from "../../src/wire/join-pieces.ts";
import { verifyChecksums } from "../../src/wire/verify-checksums.ts";
import { addressText } from "./address.ts";
import { isAlive, type Way } from "./flow.ts";
import { generateConfig, generateVpcs } from "./generate.ts";
import { type ConfigModel, configText, TCP, UDP, type VpcModel } from "./model.ts";
import { Difference } from "./opening.ts";
import { Oracle } from "./oracle.ts";
import { Packet } from "./packet.ts";
import { World } from "./world.ts";

export interface Options {
  readonly seed: number;
  /** Milliseconds that pass between two batches, about; default a few. */
  readonly pace?: number | undefined;
  /** Told of every batch before it is judged. */
  readonly record?: ((simulation: Simulation, count: number) => void) | undefined;
  readonly recordReload?: ((simulation: Simulation) => void) | undefined;
}

/** A configuration in both forms. */
interface Configured {
  readonly model: ConfigModel;
  readonly config: Config;
}

const PACKET_BYTES = 640;
const BATCHES = [1, 2, 8, 32, 128, 256];
const VARIANTS = 4;
const START = 1_795_000_000_000;
const SECOND = 1000;
const HOUR = 3_600 * SECOND;
/** Batches between two looks at everything that is counted, and that is held. */
const AUDIT = 1000;

export class Simulation {
  readonly random: Random;
  readonly gateway: Gateway;
  readonly oracle: Oracle;
  readonly packets = Array.from({ length: 256 }, () => new Packet(PACKET_BYTES));
  readonly outcomes: Outcome[] = [];
  readonly vpcs: readonly VpcModel[];
  received = 0;
  reloads = 0;
  batches = 0;
  now = START;
  configured: Configured;
  readonly #options: Options;
  readonly #world: World;
  readonly #variants: Configured[] = [];
  readonly #interfaces: readonly number[];
  readonly #vpcOfName: ReadonlyMap<string, number>;

  constructor(options: Options) {
    this.#options = options;
    const random = seededRandom(options.seed);
    this.random = random;
    const crowded = random.below(3) === 0;
    const capacity = crowded ? 48 : 4096;
    this.vpcs = generateVpcs(random);
    for (let i = 0; i < VARIANTS; i++) this.#variants.push(configure(random, this.vpcs));
    this.configured = this.#variants[0]!;
    this.gateway = new Gateway({ slots: 2048, flowCapacity: capacity }, { random });
    this.oracle = new Oracle(capacity, PACKET_BYTES);
    this.#world = new World(random, this.configured.model, crowded ? 96 : 512);
    this.#vpcOfName = new Map(this.vpcs.map(({ name }, index) => [name, index]));
    this.#interfaces = this.vpcs.map(({ name }) =>
      this.gateway.addInterface({ name, link: "raw-ip", vpc: name, vxlan: false }),
    );
    this.#apply(this.configured);
  }

  /** One batch; perhaps a reload before it. Throws a Difference. */
  step(): void {
    const { random } = this;
    this.#passTime();
    const chance = random.below(2000);
    if (chance < 2) this.#apply(this.#variants[random.below(VARIANTS)]!);
    if (chance === 2) this.#reloadSame();
    const count = 1 + random.below(BATCHES[random.below(BATCHES.length)]!);
    this.#world.speak(this.packets, count);
    this.#pass(count);
    if (this.batches % AUDIT === 0) this.audit();
  }

  #passTime(): void {
    const { random } = this;
    const { pace = 8 } = this.#options;
    const chance = random.below(4000);
    this.now += random.below(2 * pace + 1);
    if (chance < 8) this.now += random.below(20 * SECOND);
    else if (chance < 12) this.now += random.below(400 * SECOND);
    else if (chance === 12) this.now += random.below(3 * HOUR);
  }

  #apply(configured: Configured): void {
    this.configured = configured;
    this.reloads++;
    this.gateway.advance(this.now);
    const { kept, ended } = this.gateway.apply(configured.config);
    const ours = this.oracle.apply(configured.model, this.now);
    this.#world.configure(configured.model);
    this.#options.recordReload?.(this);
    const reasons = new Map<string, number>();
    for (const { reason } of ended) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    expectEqual("flows kept at a reload", kept, ours.kept);
    for (const reason of new Set([...reasons.keys(), ...ours.ended.keys()])) {
      expectEqual(`flows ended for ${reason}`, reasons.get(reason), ours.ended.get(reason));
    }
  }

  /** What says the same again ends no flow. */
  #reloadSame(): void {
    this.gateway.advance(this.now);
    const before = this.gateway.flows().length;
    this.#apply(this.configured);
    expectEqual("flows after a reload of the same", this.gateway.flows().length, before);
  }

  #pass(count: number): void {
    const { gateway, packets, outcomes } = this;
    for (let i = 0; i < count; i++) {
      const { vpc, bytes } = packets[i]!;
      gateway.receive(this.#interfaces[vpc]!, bytes);
    }
    gateway.run(this.now);
    for (let i = 0; i < count; i++) outcomes[i] = gateway.outcome(i);
    this.#options.record?.(this, count);
    this.oracle.judge(packets, count, outcomes, () => gateway.answers(), this.now);
    this.received += count;
    this.batches++;
    for (let i = 0; i < count; i++) {
      const outcome = outcomes[i]!;
      if (outcome.verdict !== "sent") continue;
      this.#world.deliver(i, whole(outcome), this.#vpcOfName.get(outcome.to!)!);
    }
    if (this.batches % 64 === 0) this.#verify(count);
  }

  /** A second opinion on checksums, by code that shares nothing with the gateway's or the oracle's. */
  #verify(count: number): void {
    for (let i = 0; i < count; i++) {
      if (this.outcomes[i]!.verdict !== "sent") continue;
      const before = verifyChecksums(this.packets[i]!.bytes).filter(({ quoted }) => !quoted);
      const after = verifyChecksums(whole(this.outcomes[i]!)).filter(({ quoted }) => !quoted);
      expectEqual("wrong checksums", after.length, before.length);
    }
  }

  /** Everything that is counted or held, compared. */
  audit(): void {
    const { gateway, oracle } = this;
    const counts = gateway.counts();
    const dropped = [...counts.dropped.values()].reduce((sum, count) => sum + count, 0);
    expectEqual("received", counts.received, this.received);
    expectEqual(
      "sent + dropped + consumed",
      counts.sent + dropped + counts.consumed,
      this.received,
    );
    expectEqual("answered", counts.answered, oracle.answered);
    expectEqual("pieces", counts.pieces, oracle.pieces);
    expectEqual("sent", counts.sent, oracle.verdicts.get("sent") ?? 0);
    for (const [reason, count] of counts.dropped) {
      if (!(reason in DROP)) throw new Difference(`${reason} is no reason to drop`);
      expectEqual(`dropped for ${reason}`, count, oracle.verdicts.get(reason));
    }
    expectEqual("kinds of drops", counts.dropped.size, oracle.verdicts.size - +(counts.sent > 0));
    for (const { from, to, packets, bytes, dropped: lost } of counts.pairs) {
      const key = this.#vpcOfName.get(from)! * 256 + this.#vpcOfName.get(to)!;
      const ours = oracle.pairs.get(key);
      expectEqual(`packets from ${from} to ${to}`, packets, ours?.packets);
      expectEqual(`bytes from ${from} to ${to}`, bytes, ours?.bytes);
      expectEqual(`dropped from ${from} to ${to}`, lost, ours?.dropped);
    }
    expectEqual("pairs of VPCs", counts.pairs.length, oracle.pairs.size);
    this.#auditFlows();
  }

  #auditFlows(): void {
    const { flows, pools, hosts, tick } = this.oracle.state;
    const problem = pools.check();
    if (problem !== undefined) throw new Difference(problem);
    const { state } = this.oracle;
    const held = this.gateway.tracked();
    const known = flows.filter((flow) => state.isKnown(flow));
    const certain = known.length;
    expectBetween("flows held", held.flows, certain, flows.length);
    expectBetween("public endpoints held", held.mappings, 0, pools.count());
    expectBetween("hosts counted", held.hosts, 0, hosts.size);
    const alive = flows.filter((flow) => isAlive(flow, tick));
    const ours = alive.map(({ ways: [original, reply], state: name }) =>
      [this.#describe(original), this.#describe(reply, true), name].join(" | "),
    );
    const theirs = this.gateway
      .flows()
      .map(({ original, translated, state: name }) => [original, translated, name].join(" | "));
    ours.sort();
    theirs.sort();
    for (let i = 0; i < Math.max(ours.length, theirs.length); i++) {
      expectEqual("flow", theirs[i], ours[i]);
    }
  }

  #describe({ flow, source, destination, sourcePort, destinationPort }: Way, turned = false) {
    const ends = [[source, sourcePort] as const, [destination, destinationPort] as const];
    if (turned) ends.reverse();
    const [[from, port]] = ends as [(typeof ends)[0], (typeof ends)[0]];
    const names = ends.map(([address]) => addressText(address));
    if (flow.protocol !== TCP && flow.protocol !== UDP) {
      return `icmp ${names[0]} > ${names[1]} echo-request id=${port}`;
    }
    const text = ends.map(([, number], i) => {
      return from.v6 ? `[${names[i]}]:${number}` : `${names[i]}:${number}`;
    });
    return `${flow.protocol === TCP ? "tcp" : "udp"} ${text[0]} > ${text[1]}`;
  }

  /** A long silence: in the end nothing is left. */
  finish(): void {
    this.audit();
    const nothing = this.packets[0]!;
    for (let round = 0; round < 4; round++) {
      this.now += 24 * HOUR;
      for (let i = 0; i < 600; i++) {
        // From an address that nobody has, to one that nobody has.
        nothing.copy(NOWHERE, 0);
        this.#pass(1);
      }
    }
    const { flows, mappings, hosts } = this.gateway.tracked();
    expectEqual("flows left over", flows, 0);
    expectEqual("public endpoints left over", mappings, 0);
    expectEqual("hosts left over", hosts, 0);
    expectEqual("flows that the oracle has left over", this.oracle.state.flows.length, 0);
    this.audit();
  }
}

/** UDP from 9.9.9.9:1 to 9.9.9.8:2, without a checksum. */
const NOWHERE = Uint8Array.of(
  ...[0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0x5c, 0xa5, 9, 9, 9, 9, 9, 9, 9, 8],
  ...[0, 1, 0, 2, 0, 8, 0, 0],
);

/** What the receiver has when all pieces are there. */
function whole({ packet, pieces }: Outcome): Uint8Array {
  if (pieces.length === 0) return packet;
  return joinPieces([packet, ...pieces.map((piece) => piece.packet)]);
}

function expectEqual(what: string, got: unknown, expected: unknown): void {
  if (got !== expected) throw new Difference(`${what}: ${got} instead of ${expected}`);
}

function expectBetween(what: string, got: number, least: number, most: number): void {
  if (got >= least && got <= most) return;
  throw new Difference(`${what}: ${got} instead of ${least} to ${most}`);
}

/** The next configuration by chance that holds every rule. */
function configure(random: Random, vpcs: readonly VpcModel[]): Configured {
  for (;;) {
    const model = generateConfig(random, vpcs);
    const { config } = loadConfig(JSON.stringify(configText(model)), "", natModes);
    if (config !== undefined) return { model, config };
  }
}
