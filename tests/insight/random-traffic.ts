// Random configurations with conversations in them, of the simulation's worlds: every NAT mode, both
// families, TCP, UDP, queries and errors, damaged packets, small tables.

import { type Random, seededRandom } from "../../src/base/random.ts";
import { loadConfig } from "../../src/config/load.ts";
import type { Config } from "../../src/config/model.ts";
import { type FlowOptions, Gateway } from "../../src/gateway/gateway.ts";
import type { Outcome } from "../../src/gateway/outcome.ts";
import { natModes } from "../../src/nat/modes.ts";
import { joinPieces } from "../../src/wire/join-pieces.ts";
import { generateConfig, generateVpcs } from "../simulation/generate.ts";
import { type ConfigModel, configText } from "../simulation/model.ts";
import { Packet } from "../simulation/packet.ts";
import { World } from "../simulation/world.ts";

export interface Sent {
  readonly vpc: string;
  /** Its index, which is that of its interface too. */
  readonly iface: number;
  readonly bytes: Uint8Array;
}

const PACKET_BYTES = 640;
const CONVERSATIONS = 64;
const SECOND = 1000;

export class RandomTraffic {
  readonly random: Random;
  readonly config: Config;
  /** Of the clock, in milliseconds. */
  now = 1_795_000_000_000;
  readonly #names: readonly string[];
  readonly #world: World;
  readonly #packet = new Packet(PACKET_BYTES);

  /** `vpcFlows`: how many flows each VPC may hold. */
  constructor(seed: number, vpcFlows?: number) {
    this.random = seededRandom(seed);
    const vpcs = generateVpcs(this.random);
    this.#names = vpcs.map(({ name }) => name);
    const { model, config } = configure(this.random, vpcs, vpcFlows);
    this.config = config;
    this.#world = new World(this.random, model, CONVERSATIONS);
  }

  /** One of several that are equal. */
  gateway(flowCapacity: number, options: FlowOptions = {}): Gateway {
    const sizes = { slots: 64, flowCapacity, ...options };
    const gateway = new Gateway(sizes, { random: seededRandom(1) });
    for (const vpc of this.#names) {
      gateway.addInterface({ name: vpc, link: "raw-ip", vpc, vxlan: false });
    }
    gateway.advance(this.now);
    gateway.apply(this.config);
    return gateway;
  }

  /** The next packet; some time has passed. */
  next(): Sent {
    const { random } = this;
    this.now += random.below(200);
    if (random.below(100) === 0) this.now += random.below(400 * SECOND);
    this.#world.speak([this.#packet], 1);
    const { vpc, bytes } = this.#packet;
    return { vpc: this.#names[vpc]!, iface: vpc, bytes: bytes.slice() };
  }

  /** What came of it, so that somebody may answer. */
  deliver({ verdict, to = "", packet, pieces }: Outcome): void {
    if (verdict !== "sent") return;
    const whole = joinPieces([packet, ...pieces.map((piece) => piece.packet)]);
    this.#world.deliver(0, pieces.length > 0 ? whole : packet, this.#names.indexOf(to));
  }
}

/** The next configuration by chance that holds every rule. */
function configure(
  random: Random,
  vpcs: ReturnType<typeof generateVpcs>,
  vpcFlows: number | undefined,
): { model: ConfigModel; config: Config } {
  for (;;) {
    const model = generateConfig(random, vpcs);
    const { config } = loadConfig(JSON.stringify(configText(model)), "world.yaml", natModes);
    if (config === undefined) continue;
    const limited = config.vpcs.map((vpc) => ({ ...vpc, flows: vpcFlows ?? vpc.flows }));
    return { model, config: { ...config, vpcs: limited } };
  }
}
