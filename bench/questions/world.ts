// Blue's hosts reach a server of green's by masquerade: the configurations, and packets of any of
// their flows.

import { buildPacket, parsePacket } from "../../src/wire/notation.ts";

/** What one line says of the time between two turns. */
export interface TurnWindow {
  /** When it began, in milliseconds of the wall clock. */
  readonly at: number;
  /** Between the beginnings of two turns: the most, and the mean. */
  readonly longestMillis: number;
  readonly meanMillis: number;
  readonly packets: number;
}

/** A BroadcastChannel with TurnWindows, some at a time. */
export const CHANNEL = "turns";
/** Of the configuration's `gateway`: how many flows there are. */
export const FLOWS = 1_000_000;

export function configText(publicPrefix: string): string {
  return [
    "vpcs: { blue: { vni: 101 }, green: { vni: 102 } }",
    `gateway: { flowTableCapacity: ${FLOWS} }`,
    "peerings:",
    "  blue--green:",
    "    peering:",
    "      blue:",
    "        expose:",
    "          - ips: [{ cidr: 10.0.0.0/8 }]",
    `            as: [{ cidr: ${publicPrefix} }]`,
    "            nat: { masquerade: {} }",
    "      green: { expose: [{ ips: [{ cidr: 30.0.0.1/32 }] }] }",
    "",
  ].join("\n");
}

/** Ports of a public address that masquerade uses, in order. */
const POOL_PORTS = 64_512;

/** A packet that can be made one of any flow: blue's, or green's answer. */
export class FlowPacket {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #isReply: boolean;
  /** The header's checksum, and the address, of flow 0. */
  readonly #checksum: number;
  readonly #address: number;

  constructor(isReply: boolean) {
    const ends = isReply ? "30.0.0.1:8080 > 20.0.0.0:1024" : "10.0.0.0:1024 > 30.0.0.1:8080";
    this.bytes = buildPacket(parsePacket(`udp ${ends} checksum=0`));
    this.#view = new DataView(this.bytes.buffer, this.bytes.byteOffset);
    this.#isReply = isReply;
    this.#checksum = ~this.#view.getUint16(10) & 0xffff;
    this.#address = this.#view.getInt32(isReply ? 16 : 12);
  }

  /** Flows 0 to FLOWS - 1, in the order in which they were opened: eight of a host. */
  become(flow: number): Uint8Array {
    const view = this.#view;
    const host = this.#isReply ? Math.floor(flow / POOL_PORTS) : flow >>> 3;
    const port = this.#isReply ? flow % POOL_PORTS : (flow & 7) * 1000;
    view.setInt32(this.#isReply ? 16 : 12, this.#address + host);
    view.setUint16(this.#isReply ? 22 : 20, 1024 + port);
    const sum = this.#checksum + (host >>> 16) + (host & 0xffff);
    view.setUint16(10, ~((sum & 0xffff) + (sum >>> 16)) & 0xffff);
    return this.bytes;
  }
}
