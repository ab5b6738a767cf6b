// Which packets somebody wants captured: told by their columns, before anything is made of them.

import type { GatewayParts } from "../../gateway/gateway.ts";
import { parseAddressOrPrefix } from "../../insight/flow-filter.ts";
import { LATER_FRAGMENT, type PacketPool, V6 } from "../../packet/packet-pool.ts";
import { DROP_FIRST } from "../../packet/verdict.ts";
import { writeIpAddress } from "../../wire/ip-address.ts";
import { ICMP, ICMPV6, TCP, UDP } from "../../wire/ip-protocol.ts";

type Names = GatewayParts["names"];

/** Plain data. What is absent does not matter; all that is there must hold. */
export interface CaptureFilter {
  /** Name of the VPC that it comes from or goes to. */
  readonly vpc?: string | undefined;
  /** An address or a prefix: source or destination, as it came or as it leaves. */
  readonly address?: string | undefined;
  /** Likewise, of TCP and UDP. */
  readonly port?: number | undefined;
  /** "tcp", "udp" or "icmp" (of either family). */
  readonly protocol?: string | undefined;
  /** Only packets that are dropped. */
  readonly dropped?: boolean | undefined;
}

const PROTOCOLS: Readonly<Record<string, readonly number[]>> = {
  tcp: [TCP],
  udp: [UDP],
  icmp: [ICMP, ICMPV6],
};

interface Wanted {
  readonly v6: boolean;
  readonly bytes: Uint8Array;
  readonly bits: number;
}

export class CaptureTest {
  readonly #filter: CaptureFilter;
  readonly #address: Wanted | undefined;
  readonly #protocols: readonly number[] | undefined;

  /** Throws an Error with a sentence for an address that is none. */
  constructor(filter: CaptureFilter) {
    this.#filter = filter;
    this.#protocols = filter.protocol === undefined ? undefined : PROTOCOLS[filter.protocol];
    if (filter.address === undefined) return;
    const prefix = parseAddressOrPrefix(filter.address);
    if (prefix === undefined) throw new Error(`"${filter.address}" is no address or prefix`);
    const v6 = prefix.family === 6;
    const bytes = new Uint8Array(v6 ? 16 : 4);
    writeIpAddress(bytes, 0, { family: prefix.family, value: prefix.network });
    this.#address = { v6, bytes, bits: prefix.length };
  }

  /** Whether the packet in `row`, which has been through the gateway, is meant. Its frame was in
   * `before` from byte `at` on when it came in at `start` of the pool. */
  means(
    pool: PacketPool,
    row: number,
    names: Names,
    before: Uint8Array,
    at: number,
    start: number,
  ): boolean {
    const { vpc, dropped, port } = this.#filter;
    if (dropped === true && pool.verdict[row]! < DROP_FIRST) return false;
    if (vpc !== undefined && !isOf(vpc, pool, row, names)) return false;
    const protocols = this.#protocols;
    if (this.#address === undefined && protocols === undefined && port === undefined) return true;
    const l3 = pool.l3[row]!;
    if (l3 < 0) return false;
    if (protocols !== undefined && !protocols.includes(pool.protocol[row]!)) return false;
    const v6 = (pool.flags[row]! & V6) !== 0;
    const from = at + l3 - start;
    return (
      (port === undefined || hasPortOf(pool, row, port, before, at - start)) &&
      (this.#address === undefined ||
        hasAddress(pool.bytes, l3, v6, this.#address) ||
        hasAddress(before, from, v6, this.#address))
    );
  }
}

function isOf(vpc: string, pool: PacketPool, row: number, names: Names): boolean {
  if (names.vpcs[pool.vpc[row]!] === vpc) return true;
  const direction = names.directions[pool.direction[row]!];
  return direction !== undefined && names.vpcs[direction.to] === vpc;
}

function hasPorts(protocol: number): boolean {
  return protocol === TCP || protocol === UDP;
}

/** Byte `i` of the pool was byte `i + shift` of `before`. A later fragment has no ports, but those
 * that the first has lent it. */
function hasPortOf(
  pool: PacketPool,
  row: number,
  port: number,
  before: Uint8Array,
  shift: number,
): boolean {
  if (!hasPorts(pool.protocol[row]!)) return false;
  if ((pool.flags[row]! & LATER_FRAGMENT) !== 0) {
    return pool.sourcePort[row]! === port || pool.destinationPort[row]! === port;
  }
  const l4 = pool.l4[row]!;
  return l4 >= 0 && (hasPort(pool.bytes, l4, port) || hasPort(before, l4 + shift, port));
}

function hasPort(bytes: Uint8Array, at: number, port: number): boolean {
  return (
    ((bytes[at]! << 8) | bytes[at + 1]!) === port ||
    ((bytes[at + 2]! << 8) | bytes[at + 3]!) === port
  );
}

function hasAddress(bytes: Uint8Array, l3: number, v6: boolean, wanted: Wanted): boolean {
  if (wanted.v6 !== v6) return false;
  const [source, destination] = v6 ? [l3 + 8, l3 + 24] : [l3 + 12, l3 + 16];
  return isWithin(bytes, source, wanted) || isWithin(bytes, destination, wanted);
}

function isWithin(bytes: Uint8Array, at: number, { bytes: network, bits }: Wanted): boolean {
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) if (bytes[at + i] !== network[i]) return false;
  const rest = bits & 7;
  return rest === 0 || ((bytes[at + whole]! ^ network[whole]!) & (0xff00 >> rest) & 0xff) === 0;
}
