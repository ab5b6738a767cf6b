// Traffic of the gateway's own before its ports open, so that the first real packets do not meet
// code that nobody has compiled: VPCs on interfaces and behind tunnels that are there for this
// alone, conversations over IPv4 and IPv6 with and without flows.

import type { Millis } from "../base/clock.ts";
import { loadConfig } from "../config/load.ts";
import type { Config } from "../config/model.ts";
import type { Gateway } from "../gateway/gateway.ts";
import { buildQuestion } from "../links/frames.ts";
import { wrap } from "../links/outer.ts";
import { natModes } from "../nat/modes.ts";
import { Outbox } from "../packet/outbox.ts";
import { parseIpAddress } from "../wire/ip-address.ts";
import { parseMac } from "../wire/mac.ts";
import { buildPacket, describePacket, parsePacket } from "../wire/notation.ts";

const HOSTS = 16;
/** Frames that go through, in all: some hundred thousand. */
const ROUNDS = 800;
const BATCH = 128;
const GATEWAY = "02:00:00:00:00:01";
const HOST = "02:00:00:00:00:02";
const GATEWAY_MAC = parseMac(GATEWAY)!;
const HOST_MAC = parseMac(HOST)!;
const VTEP = 0xc0000201 | 0;
const REMOTE = 0xc0000202 | 0;
const REMOTE_VTEP = parseIpAddress("192.0.2.2")!;
const HOP = { sourceMac: GATEWAY_MAC, destinationMac: HOST_MAC };
const ETHERNET_BYTES = 14;
const TUNNEL_BYTES = 50 + ETHERNET_BYTES;

/** VPC names; "c" and "d" are behind tunnels. */
const NAMES = ["a", "b", "c", "d"] as const;
type Name = (typeof NAMES)[number];
/** Who talks to whom, and the third byte of the public addresses of both. The opener has any
 * mode by turns, the other side one that anybody may open to. */
const PAIRS: readonly [from: Name, to: Name, net: number, peerNet: number][] = [
  ["a", "b", 1, 2],
  ["a", "c", 3, 4],
  ["c", "b", 5, 6],
  ["c", "d", 7, 8],
  ["d", "a", 9, 10],
  ["b", "d", 11, 12],
];

/** Forgets all of it afterwards, but for the compiled code. `now` in milliseconds. */
export function warmUp(gateway: Gateway, config: Config, now: Millis): void {
  gateway.apply(configOf(warmConfig(config)), now);
  const traffic = new Traffic(gateway, now);
  traffic.run();
  traffic.end();
  gateway.apply(configOf({ ...sizesOf(config), vpcs: {} }), now);
  gateway.forgetCounts();
}

class Traffic {
  readonly #gateway: Gateway;
  readonly #now: Millis;
  readonly #outbox: Outbox;
  /** Numbers of interfaces: that of VPC a, of b, of the underlay. */
  readonly #ifaces: readonly number[];

  constructor(gateway: Gateway, now: Millis) {
    this.#gateway = gateway;
    this.#now = now;
    const mac = GATEWAY_MAC;
    this.#ifaces = ["a", "b", undefined].map((vpc) => {
      const name = `warm-${vpc ?? "u"}`;
      const options = { name, link: "ethernet", vpc, vxlan: vpc === undefined, mac } as const;
      const iface = gateway.addInterface(options);
      gateway.links!.setPort(name, { iface, mac }, now);
      return iface;
    });
    this.#outbox = new Outbox(this.#ifaces.length + this.#ifaces[0]!, gateway.pool.slots);
    gateway.links!.setOuterHop(REMOTE_VTEP, HOP, now);
    for (const vpc of ["a", "b"] as const) this.#showHosts(vpc);
  }

  run(): void {
    const frames = PAIRS.flatMap((pair) => this.#converse(pair));
    for (let round = 0; round < ROUNDS; round++) {
      for (let i = 0; i < BATCH; i++) {
        const [vpc, frame] = frames[(round * BATCH + i) % frames.length]!;
        this.#gateway.receive(this.#ifaceOf(vpc), frame);
      }
      this.#pass();
    }
  }

  end(): void {
    const { links } = this.#gateway;
    for (const name of ["warm-a", "warm-b", "warm-u"]) links!.setPort(name, undefined, this.#now);
    links!.setOuterHop(REMOTE_VTEP, undefined, this.#now);
    for (const iface of this.#ifaces) {
      this.#gateway.setInterface(iface, { name: "warm", link: "ethernet", vxlan: false });
    }
  }

  /** Opens conversations between hosts of two VPCs; the frames of both ways from then on. */
  #converse([from, to, , net]: (typeof PAIRS)[number]): [Name, Uint8Array][] {
    const frames: [Name, Uint8Array][] = [];
    for (let i = 10; i < 10 + HOSTS; i++) {
      for (const [source, destination] of [
        [`10.0.0.${i}`, `198.18.${net}.${i}`],
        [`[2001:db8::${i}]`, `[2001:db8:${net}::${i}]`],
      ]) {
        const ends = `${source}:4000 > ${destination}:53`;
        frames.push(...this.#exchange(from, to, `udp ${ends}`, ["", ""]));
        frames.push(...this.#exchange(from, to, `tcp ${ends}`, ["syn", "syn,ack", "ack", "ack"]));
      }
    }
    return frames;
  }

  /** The sides speak by turns; the last frame of each is the result. */
  #exchange(from: Name, to: Name, ends: string, says: readonly string[]): [Name, Uint8Array][] {
    const last: [Name, Uint8Array][] = [];
    let back = "";
    says.forEach((flags, turn) => {
      const isOpener = turn % 2 === 0;
      const text = `${isOpener ? ends : back} ${flags}`;
      const frame = frameOf(isOpener ? from : to, buildPacket(parsePacket(text)));
      last[turn % 2] = [isOpener ? from : to, frame];
      this.#gateway.receive(this.#ifaceOf(isOpener ? from : to), frame);
      const left = this.#pass();
      const arrived = left && describePacket(left.subarray(isTunnelled(isOpener ? to : from)));
      if (isOpener && arrived) back = arrived.replace(/^(\S+) (\S+) > (\S+).*/, "$1 $3 > $2");
    });
    return last.filter(([, frame]) => frame.length > 0);
  }

  /** They ask for the gateway, which knows them from then on. */
  #showHosts(vpc: "a" | "b"): void {
    for (let i = 10; i < 10 + HOSTS; i++) {
      for (const [host, own] of [
        [`10.0.0.${i}`, "10.0.0.1"],
        [`2001:db8::${i}`, "2001:db8::1"],
      ]) {
        const [asked, asker] = [own!, host!].map((text) => parseIpAddress(text)!);
        const question = buildQuestion(asked!, asker!, HOST_MAC, undefined);
        this.#gateway.receive(this.#ifaceOf(vpc), question);
        this.#pass();
      }
    }
  }

  /** Runs what was received; a copy of the first frame that leaves. */
  #pass(): Uint8Array | undefined {
    const gateway = this.#gateway;
    gateway.run(this.#now);
    gateway.collect(this.#outbox);
    let first: Uint8Array | undefined;
    const { bytes, start, length } = gateway.pool;
    for (const iface of this.#ifaces) {
      if (this.#outbox.counts[iface] === 0 || first !== undefined) continue;
      const row = this.#outbox.rows[iface]![0]!;
      first = bytes.slice(start[row]!, start[row]! + length[row]!);
    }
    this.#outbox.clear();
    gateway.clear();
    return first;
  }

  #ifaceOf(vpc: Name): number {
    return this.#ifaces[Math.min(NAMES.indexOf(vpc), 2)]!;
  }
}

/** Where the packet begins in frames of that VPC. */
function isTunnelled(vpc: Name): number {
  return vpc === "c" || vpc === "d" ? TUNNEL_BYTES : ETHERNET_BYTES;
}

function frameOf(vpc: Name, packet: Uint8Array): Uint8Array {
  const frame = new Uint8Array(ETHERNET_BYTES + packet.length);
  frame.set(GATEWAY_MAC);
  frame.set(HOST_MAC, 6);
  new DataView(frame.buffer).setUint16(12, packet[0]! >>> 4 === 6 ? 0x86dd : 0x0800);
  frame.set(packet, ETHERNET_BYTES);
  const isInside = isTunnelled(vpc) === TUNNEL_BYTES;
  return isInside ? wrap(frame, NAMES.indexOf(vpc) + 1, REMOTE, VTEP, HOP) : frame;
}

/** Of tables that are made once, for the first configuration. */
function sizesOf({ flowTableCapacity, fragments }: Config) {
  const { datagrams, waiting } = fragments;
  return { gateway: { flowTableCapacity }, isthmus: { fragments: { datagrams, waiting } } };
}

/** Modes that need no options: those that can face themselves, and those that can face these. */
function modesToUse(): readonly [open: string, all: readonly string[]] {
  const loads = (mode: string, peer: string) => {
    const document = {
      vpcs: { a: { vni: 1 }, b: { vni: 2 } },
      peerings: { p: peering(mode, peer) },
    };
    return loadConfig(JSON.stringify(document), "", natModes).config !== undefined;
  };
  const peering = (mode: string, peer: string) => ({
    peering: { a: sideOf(1, mode), b: sideOf(2, peer) },
  });
  const keys = natModes.map(({ key }) => key);
  const open = keys.find((key) => loads(key, key))!;
  return [open, keys.filter((key) => loads(key, open))];
}

function sideOf(net: number, mode: string): object {
  const expose = (own: string, seen: string) => {
    return { ips: [{ cidr: own }], as: [{ cidr: seen }], nat: { [mode]: {} } };
  };
  return {
    expose: [
      expose("10.0.0.0/24", `198.18.${net}.0/24`),
      expose("2001:db8::/64", `2001:db8:${net}::/64`),
    ],
  };
}

function warmConfig(config: Config): object {
  const { gateway, isthmus } = sizesOf(config);
  const attached = (vpc: Name) =>
    ["10.0.0.1/24", "2001:db8::1/64"].map((address) => {
      return { vpc, interface: `warm-${vpc}`, address };
    });
  const tunnel = { vtep: "192.0.2.2", routerMac: HOST };
  const [open, modes] = modesToUse();
  return {
    gateway,
    vpcs: Object.fromEntries(NAMES.map((name, index) => [name, { vni: index + 1 }])),
    peerings: Object.fromEntries(
      PAIRS.map(([from, to, net, peerNet], index) => {
        const mode = modes[index % modes.length]!;
        const peering = { [from]: sideOf(net, mode), [to]: sideOf(peerNet, open) };
        return [`${from}${to}`, { peering }];
      }),
    ),
    isthmus: {
      ...isthmus,
      attachments: [...attached("a"), ...attached("b")],
      underlay: { interface: "warm-u", vtep: "192.0.2.1", vtepMac: GATEWAY },
      vpcs: { c: tunnel, d: tunnel },
    },
  };
}

function configOf(document: object): Config {
  const { config, issues } = loadConfig(JSON.stringify(document), "", natModes);
  if (config === undefined) throw new Error(JSON.stringify(issues));
  return config;
}
