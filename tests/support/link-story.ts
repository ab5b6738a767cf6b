// Frames that come to a gateway with links, written down: for what happens before a packet is found in
// them, and behind the last step that looks at one.

import { seededRandom } from "../../src/base/random.ts";
import { Gateway, type Link } from "../../src/gateway/gateway.ts";
import { wrap } from "../../src/links/outer.ts";
import { checksumOf, sumBytes } from "../../src/wire/checksum.ts";
import { fromHex } from "../../src/wire/hex.ts";
import { buildGivenPacket, parseGivenPacket } from "../../src/wire/packet-text.ts";
import { configOf } from "./gateway.ts";
import { LiveGateway, macOf } from "./live-gateway.ts";

export interface LinkStory {
  readonly config: string;
  readonly interfaces: Readonly<Record<string, StoryInterface>>;
  /** Of a packet slot. */
  readonly slotBytes?: number;
  readonly steps: readonly LinkStep[];
}

export interface StoryInterface {
  readonly mac: string;
  /** Absent: the underlay. */
  readonly vpc?: string;
  /** Only ethernet is live. */
  readonly link?: Link;
}

export type LinkStep = { readonly wait: number } | FrameStep;

/** A frame: its bytes, or what is in it and what of that is special. */
export interface FrameStep {
  readonly by: string;
  readonly hex?: string;
  readonly packet?: string;
  /** MAC addresses of the sender and the receiver: of the frame in the tunnel, if there is one. */
  readonly from?: string;
  readonly to?: string;
  readonly etherType?: number;
  readonly vlans?: readonly number[];
  /** In a tunnel from HOP. */
  readonly vni?: number;
  /** Traffic class of the tunnel. */
  readonly outerTos?: number;
}

/** Where all VTEPs are reached. */
const HOP = { sourceMac: macOf("02:00:00:00:00:01"), destinationMac: macOf("02:00:00:00:00:ff") };
const BACK = { sourceMac: HOP.destinationMac, destinationMac: HOP.sourceMac };
const HOST = "02:00:00:00:00:04";
/** 172.30.8.1, of the gateway, and 172.30.8.2. */
const VTEP = 0xac1e0801 | 0;
const REMOTE = 0xac1e0802 | 0;
const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const VLAN = 0x8100;
/** What a gateway says when it begins is said by then, in milliseconds. */
const START = 20_000;

/** Lets it happen; where the gateway is left. */
export function playLinkStory(story: LinkStory): LiveGateway | UnlinkedGateway {
  const live = startGateway(story);
  for (const step of story.steps) {
    if ("wait" in step) waitFor(live, step.wait);
    else live.send(step.by, frameOf(step, story.interfaces[step.by]!));
  }
  return live;
}

function startGateway({ config, interfaces, slotBytes }: LinkStory): LiveGateway | UnlinkedGateway {
  const ports = Object.entries(interfaces).map(([name, each]) => ({ name, ...each }));
  if (ports.some(({ link }) => link !== undefined)) return new UnlinkedGateway(config, interfaces);
  const live = new LiveGateway(config, ports, slotBytes === undefined ? {} : { slotBytes });
  const { links } = live.gateway;
  for (const vtep of links!.wantedVteps()) links!.setOuterHop(vtepAddress(vtep), HOP, live.now);
  waitFor(live, START);
  return live;
}

/** In steps, as a gateway that runs looks up now and then. */
function waitFor(gateway: { wait(millis: number): unknown }, millis: number): void {
  for (let left = millis; left > 0; left -= 1000) gateway.wait(Math.min(left, 1000));
}

function vtepAddress(vtep: number) {
  return { family: 4, value: BigInt(vtep >>> 0) } as const;
}

/** Reads what no live interface has. */
class UnlinkedGateway {
  readonly gateway = new Gateway({ slots: 16, flowCapacity: 64 }, { random: seededRandom(1) });
  now = 1_000_000;
  readonly #names: readonly string[];

  constructor(config: string, interfaces: LinkStory["interfaces"]) {
    this.#names = Object.keys(interfaces);
    this.gateway.apply(configOf(config));
    for (const [name, { link = "ethernet", vpc }] of Object.entries(interfaces)) {
      this.gateway.addInterface({ name, link, vpc, vxlan: vpc === undefined });
    }
  }

  send(by: string, frame: Uint8Array): void {
    this.gateway.receive(this.#names.indexOf(by), frame);
    this.gateway.run(this.now);
    this.gateway.clear();
  }

  wait(millis: number): void {
    this.now += millis;
    this.gateway.run(this.now);
  }
}

function frameOf(step: FrameStep, { mac }: StoryInterface): Uint8Array {
  if (step.hex !== undefined) return fromHex(step.hex.replace(/[\s:]/g, ""));
  const inner = ethernetOf(step, mac);
  if (step.vni === undefined) return inner;
  const frame = wrap(inner, step.vni, REMOTE, VTEP, BACK);
  const view = new DataView(frame.buffer);
  view.setUint8(15, step.outerTos ?? 0);
  view.setUint16(24, 0);
  view.setUint16(24, checksumOf(sumBytes(frame.subarray(14, 34))));
  return frame;
}

function ethernetOf(step: FrameStep, mac: string): Uint8Array {
  const packet = buildGivenPacket(parseGivenPacket(step.packet ?? ""));
  const { from = HOST, to = mac, vlans = [] } = step;
  const { etherType = packet[0]! >>> 4 === 6 ? IPV6 : IPV4 } = step;
  const frame = new Uint8Array(14 + 4 * vlans.length + packet.length);
  const view = new DataView(frame.buffer);
  frame.set(macOf(to));
  frame.set(macOf(from), 6);
  for (const [index, vlan] of vlans.entries()) view.setUint32(12 + 4 * index, (VLAN << 16) | vlan);
  view.setUint16(12 + 4 * vlans.length, etherType);
  frame.set(packet, 14 + 4 * vlans.length);
  return frame;
}
