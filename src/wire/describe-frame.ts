// A frame in words: what is around a packet, or what there is if no packet was found. For people
// who look for its sender. Takes any bytes, cut off anywhere, and tells them as far as they go.

import { describeArp, ETHERTYPE_ARP, readArp } from "./arp.ts";
import { dissect } from "./dissect.ts";
import { toHex } from "./hex.ts";
import { formatIpAddress, readIpAddress } from "./ip-address.ts";
import { UDP } from "./ip-protocol.ts";
import { formatMac } from "./mac.ts";
import { describePacket } from "./notation.ts";

/** How frames start; nobody can read an unknown one. */
export type FrameLink = "ethernet" | "raw-ip" | "unknown";

const ETHERNET = 14;
const VLAN_TAG = 4;
const VLAN_TYPES = new Set([0x8100, 0x88a8]);
const IP_VERSIONS = new Map([
  [0x0800, 4],
  [0x86dd, 6],
]);
/** RFC 7348, 5. */
const VXLAN_PORT = 4789;
const VXLAN = 8;
const VNI_PRESENT = 0x08;
/** Bytes shown of what is nothing else. */
const SHOWN = 32;
/** Frames in frames that are looked into. */
const DEPTH = 4;

/** One part behind the other: "02:… > 02:…, VXLAN 172.30.8.2 > 172.30.8.1 vni 999, …". The packet
 * at `packetAt`, if that is known, is not among them. */
export function describeFrame(frame: Uint8Array, link: FrameLink, packetAt = -1): string {
  const teller = new FrameTeller(frame, packetAt);
  if (link === "ethernet") return teller.ethernet(0, 0).join(", ");
  return (link === "raw-ip" ? teller.ip(0, 0) : teller.bytes(0)).join(", ");
}

class FrameTeller {
  readonly #frame: Uint8Array;
  readonly #view: DataView;
  readonly #packetAt: number;

  constructor(frame: Uint8Array, packetAt: number) {
    this.#frame = frame;
    this.#view = new DataView(frame.buffer, frame.byteOffset, frame.length);
    this.#packetAt = packetAt;
  }

  bytes(at: number): string[] {
    const shown = this.#frame.subarray(at, at + SHOWN);
    const pairs = toHex(shown).match(/../g) ?? [];
    const more = this.#frame.length > at + SHOWN ? " …" : "";
    return pairs.length > 0 ? [`bytes ${pairs.join(" ")}${more}`] : [];
  }

  ethernet(at: number, depth: number): string[] {
    const frame = this.#frame;
    if (at + ETHERNET > frame.length) return this.bytes(at);
    const tags: string[] = [];
    let type = at + ETHERNET - 2;
    while (type + 2 + VLAN_TAG <= frame.length && VLAN_TYPES.has(this.#view.getUint16(type))) {
      tags.push(` vlan ${this.#view.getUint16(type + 2) & 0xfff}`);
      type += VLAN_TAG;
    }
    const macs = `${formatMac(frame, at + 6)} > ${formatMac(frame, at)}`;
    return [macs + tags.join(""), ...this.#body(this.#view.getUint16(type), type + 2, depth)];
  }

  #body(type: number, at: number, depth: number): string[] {
    const version = IP_VERSIONS.get(type);
    if (version !== undefined && version === (this.#frame[at] ?? 0) >>> 4)
      return this.ip(at, depth);
    const arp = type === ETHERTYPE_ARP ? readArp(this.#frame.subarray(at)) : undefined;
    if (arp !== undefined) return [describeArp(arp)];
    const said = `type 0x${type.toString(16).padStart(4, "0")}`;
    return version === undefined ? [said] : [said, ...this.ip(at, depth)];
  }

  ip(at: number, depth: number): string[] {
    if (at === this.#packetAt) return [];
    const packet = this.#frame.subarray(at);
    const found = dissect(packet);
    if (found === undefined) return this.bytes(at);
    const { protocol, l4, fragmentOffset, family } = found;
    const tunnel = l4 + 8 + VXLAN;
    const isTunnel = protocol === UDP && fragmentOffset === 0 && tunnel <= packet.length;
    if (!isTunnel || depth === DEPTH || this.#view.getUint16(at + l4 + 2) !== VXLAN_PORT) {
      return [describePacket(packet)];
    }
    const addresses = family === 4 ? [12, 16] : [8, 24];
    const [from, to] = addresses.map((each) =>
      formatIpAddress(readIpAddress(packet, each, family)),
    );
    const ends = `VXLAN ${from} > ${to} ${this.#vni(at + l4 + 8)}`;
    return [ends, ...this.ethernet(at + tunnel, depth + 1)];
  }

  #vni(at: number): string {
    if ((this.#frame[at]! & VNI_PRESENT) === 0) return "without a VNI";
    return `vni ${this.#view.getUint32(at + 4) >>> 8}`;
  }
}
