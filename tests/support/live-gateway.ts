// A gateway with links, all in memory: frames go in by the names of interfaces and come out
// likewise, at times that the test chooses.

import { seededRandom } from "../../src/base/random.ts";
import { loadConfig } from "../../src/config/load.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { natModes } from "../../src/nat/modes.ts";
import { SLOT_BYTES } from "../../src/packet/limits.ts";
import { Outbox } from "../../src/packet/outbox.ts";
import type { PoolOptions } from "../../src/packet/packet-pool.ts";
import { parseMac } from "../../src/wire/mac.ts";

export interface PortSetup {
  readonly name: string;
  readonly mac: string;
  /** The VPC on it; undefined: the underlay. */
  readonly vpc?: string;
}

export interface SentFrame {
  readonly port: string;
  readonly frame: Uint8Array;
}

export class LiveGateway {
  readonly gateway: Gateway;
  readonly notices: string[] = [];
  now = 1_000_000;
  readonly #ports: readonly PortSetup[];
  readonly #outbox: Outbox;

  constructor(text: string, ports: readonly PortSetup[], pool: PoolOptions = {}) {
    const { slots = 128, slotBytes = SLOT_BYTES } = pool;
    const notice = (sentence: string) => this.notices.push(sentence);
    const sizes = { slots, slotBytes, flowCapacity: 1024 };
    this.gateway = new Gateway(sizes, { random: seededRandom(1), live: { notice } });
    this.#ports = ports;
    this.#outbox = new Outbox(ports.length, slots);
    const config = configOf(text);
    for (const { name, mac, vpc } of ports) {
      const own = vpc === undefined ? config.underlay?.vtepMac : macOf(mac);
      const options = { name, link: "ethernet", vpc, vxlan: vpc === undefined, mac: own } as const;
      this.gateway.addInterface(options);
    }
    this.gateway.apply(config, this.now);
    for (const { name } of ports) this.up(name);
  }

  up(name: string): void {
    const iface = this.#ports.findIndex((port) => port.name === name);
    const mac = macOf(this.#ports[iface]!.mac);
    this.gateway.links!.setPort(name, { iface, mac }, this.now);
  }

  down(name: string): void {
    this.gateway.links!.setPort(name, undefined, this.now);
  }

  apply(text: string): void {
    this.gateway.apply(configOf(text), this.now);
  }

  /** Frames that come in together; what leaves. */
  send(port: string, ...frames: readonly Uint8Array[]): SentFrame[] {
    const iface = this.#ports.findIndex(({ name }) => name === port);
    for (const frame of frames) this.gateway.receive(iface, frame);
    return this.run();
  }

  /** Time passes, nothing comes in; what leaves. */
  wait(millis: number): SentFrame[] {
    this.now += millis;
    return this.run();
  }

  run(): SentFrame[] {
    this.gateway.run(this.now);
    this.#outbox.clear();
    this.gateway.collect(this.#outbox);
    const { bytes, start, length } = this.gateway.pool;
    const sent = this.#ports.flatMap(({ name }, iface) =>
      Array.from(this.#outbox.rows[iface]!.subarray(0, this.#outbox.counts[iface])).map((row) => {
        const at = start[row]!;
        return { port: name, frame: bytes.slice(at, at + length[row]!) };
      }),
    );
    this.gateway.clear();
    return sent;
  }
}

function configOf(text: string) {
  const { config, issues } = loadConfig(text, "gateway.yaml", natModes);
  if (!config) throw new Error(JSON.stringify(issues));
  return config;
}

export function macOf(text: string): Uint8Array {
  return parseMac(text)!;
}
