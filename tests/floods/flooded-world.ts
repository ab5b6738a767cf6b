// A gateway under a flood: somebody floods it while connections of two VPCs go on and new ones are
// opened, and everything is counted.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { seededRandom } from "../../src/base/random.ts";
import { Gateway } from "../../src/gateway/gateway.ts";
import { buildPacket, describePacket, parsePacket } from "../../src/wire/notation.ts";
import { configOf, rawInterface } from "../support/gateway.ts";

/** Most flows of an address family. */
export const CAPACITY = 4096;
/** Connections of each VPC that are there before the flood. */
const ESTABLISHED = 50;
const BATCH = 100;
const BATCH_MILLIS = 20;
const START = 1_795_000_000_000;

export type Vpc = "blue" | "red" | "green";

interface Limits {
  /** Of blue, from where floods come. */
  readonly flows?: number;
  readonly flowsPerHost?: number;
  /** Of the times of flows. */
  readonly preset?: "rfc" | "reference";
}

export interface Flood {
  readonly from: Vpc;
  readonly packets: number;
  /** The packet of that number, in notation. */
  readonly packet: (number: number) => string;
}

export interface Damage {
  /** Packets of established connections that did not arrive, of how many. */
  readonly lost: number;
  readonly carried: number;
  /** New connections of red that were refused, of how many. */
  readonly refused: number;
  readonly opened: number;
  /** Bytes of memory that the second half of the flood took for good. */
  readonly growth: number;
  readonly dropped: ReadonlyMap<string, number>;
  readonly answered: number;
  readonly flows: number;
}

interface Connection {
  readonly vpc: Vpc;
  readonly there: Uint8Array;
  readonly back: Uint8Array;
}

function config({ flows, flowsPerHost, preset = "rfc" }: Limits) {
  const masquerade = flowsPerHost === undefined ? {} : { flowsPerHost };
  const side = (as: string) => ({
    expose: [{ ips: [{ cidr: "10.0.0.0/16" }], as: [{ cidr: as }], nat: { masquerade } }],
  });
  const green = { expose: [{ ips: [{ cidr: "10.2.0.0/16" }] }] };
  return configOf({
    vpcs: { blue: { vni: 101 }, red: { vni: 102 }, green: { vni: 103 } },
    peerings: {
      "blue--green": { peering: { blue: side("192.0.2.1/32"), green } },
      "red--green": { peering: { red: side("192.0.2.2/32"), green } },
    },
    isthmus: { vpcs: { blue: flows === undefined ? {} : { flows } }, timers: { preset } },
  });
}

export class FloodedWorld {
  readonly gateway = new Gateway(
    { slots: 256, flowCapacity: CAPACITY },
    { random: seededRandom(1) },
  );
  readonly #interfaces: Record<Vpc, number>;
  readonly #connections: Connection[] = [];
  #now = START;

  constructor(limits: Limits = {}) {
    this.gateway.apply(config(limits));
    const iface = (vpc: Vpc) => rawInterface(this.gateway, vpc);
    this.#interfaces = { blue: iface("blue"), red: iface("red"), green: iface("green") };
    for (let i = 1; i <= ESTABLISHED; i++) {
      this.#establish("blue", i);
      this.#establish("red", i);
    }
  }

  /** What one packet became: its verdict and, when sent, the packet. */
  pass(vpc: Vpc, packet: Uint8Array): { verdict: string; text: string } {
    this.gateway.receive(this.#interfaces[vpc], packet);
    this.gateway.run(this.#now);
    const { verdict, packet: out } = this.gateway.outcome(0);
    const text = verdict === "sent" ? describePacket(out) : "";
    this.gateway.clear();
    return { verdict, text };
  }

  /** The public end of the established connection of that number. */
  publicEnd(number: number): string {
    const { back } = this.#connections[number % this.#connections.length]!;
    return / > (\S+)/.exec(describePacket(back))?.[1] ?? "";
  }

  flood({ from, packets, packet }: Flood): Damage {
    const frames = Array.from({ length: packets }, (_, i) => buildPacket(parsePacket(packet(i))));
    let lost = 0;
    let refused = 0;
    let batches = 0;
    let heldBefore = 0;
    for (let at = 0; at < packets; at += BATCH, batches++) {
      if (at === packets / 2) heldBefore = heldBytes();
      this.#now += BATCH_MILLIS;
      for (const frame of frames.slice(at, at + BATCH)) {
        this.gateway.receive(this.#interfaces[from], frame);
      }
      this.gateway.run(this.#now);
      this.gateway.clear();
      lost += this.#carry(batches);
      const port = 20_000 + batches;
      const opener = buildPacket(parsePacket(`tcp 10.0.7.7:${port} > 10.2.0.9:443 syn`));
      if (this.pass("red", opener).verdict !== "sent") refused++;
    }
    const growth = heldBytes() - heldBefore;
    const { dropped, answered } = this.gateway.counts();
    const { flows } = this.gateway.tracked();
    const carried = 2 * batches;
    return { lost, carried, refused, opened: batches, growth, dropped, answered, flows };
  }

  #establish(vpc: Vpc, host: number): void {
    const [here, there] = [`10.0.1.${host}:5000`, `10.2.0.${host}:80`];
    const packet = (text: string) => buildPacket(parsePacket(text));
    const { text } = this.pass(vpc, packet(`tcp ${here} > ${there} syn`));
    const end = / (\S+) > /.exec(text)?.[1] ?? "";
    this.pass("green", packet(`tcp ${there} > ${end} syn,ack`));
    this.pass(vpc, packet(`tcp ${here} > ${there} ack`));
    const data = "ack,psh len=100";
    this.#connections.push({
      vpc,
      there: packet(`tcp ${here} > ${there} ${data}`),
      back: packet(`tcp ${there} > ${end} ${data}`),
    });
  }

  /** A packet of one connection in both directions; how many did not arrive. */
  #carry(number: number): number {
    const { vpc, there, back } = this.#connections[number % this.#connections.length]!;
    const verdicts = [this.pass(vpc, there).verdict, this.pass("green", back).verdict];
    return verdicts.filter((verdict) => verdict !== "sent").length;
  }
}

/** After all that is garbage has gone. */
function heldBytes(): number {
  setFlagsFromString("--expose-gc");
  const gc: () => void = runInNewContext("gc");
  gc();
  gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
