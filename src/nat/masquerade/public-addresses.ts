// The public addresses of one masquerade expose, numbered in order, and which of their ports belong
// to other exposes.

import { isQueryProtocol } from "../../tables/flow-draft.ts";
import type { MappingTable } from "../../tables/mapping-table.ts";
import { readIpAddress, writeIpAddress } from "../../wire/ip-address.ts";
import { ALL_PORTS, type PortRange } from "../../wire/port.ts";
import { addressCount, lastAddress, type Prefix } from "../../wire/prefix.ts";
import type { PrefixPorts } from "../../wire/prefix-ports.ts";
import type { BuildContext, Claim } from "../nat-mode.ts";

/** More public addresses than that are not used: a flow table is never so large. */
const ADDRESSES_MAX = 0x7fffffff;

/** Addresses from `first` on; `index` is that of the first in the whole pool. */
interface Stretch {
  readonly first: bigint;
  readonly last: bigint;
  readonly index: number;
}

/** One public address for one protocol. */
export interface PublicAddress {
  /** In the whole pool. */
  readonly index: number;
  /** In network order. */
  readonly bytes: Uint8Array;
  /** Number of its ports in the mapping table. */
  readonly set: number;
  /** Ports that may be used at all. */
  readonly range: PortRange;
  /** Ports that belong to others, in ascending order. */
  readonly withheld: readonly PortRange[];
}

export class PublicAddresses {
  readonly count: number;
  readonly #mappings: MappingTable;
  readonly #peerVni: number;
  readonly #claims: readonly Claim[];
  readonly #stretches: readonly Stretch[];
  readonly #ports: PortRange;
  /** By protocol: the addresses met so far, by index. */
  readonly #known: Map<number, PublicAddress>[] = [];
  /** By port set: the address, or null for one that is not of this pool. */
  readonly #bySet = new Map<number, PublicAddress | null>();

  /** `ports` may be used, but for those that others answer to. */
  constructor(
    publics: readonly PrefixPorts[],
    ports: PortRange,
    { state, peerVni, claims }: BuildContext,
  ) {
    this.#ports = ports;
    this.#mappings = state.mappings;
    this.#peerVni = peerVni;
    this.#claims = claims();
    const stretches: Stretch[] = [];
    let count = 0n;
    for (const { prefix } of publics) {
      if (count >= ADDRESSES_MAX) break;
      stretches.push({ first: prefix.network, last: lastAddress(prefix), index: Number(count) });
      count += addressCount(prefix);
    }
    this.#stretches = stretches;
    this.count = Number(count > ADDRESSES_MAX ? BigInt(ADDRESSES_MAX) : count);
  }

  /** The address with that port set, which is of the peer and `protocol`; undefined when it is
   * none of them. Makes something only when first asked. */
  ofSet(set: number, protocol: number): PublicAddress | undefined {
    let found = this.#bySet.get(set);
    if (found === undefined) {
      found = this.#find(set, protocol) ?? null;
      this.#bySet.set(set, found);
    }
    return found ?? undefined;
  }

  /** Ports of all addresses together. Claims are taken to be apart from each other. */
  size(protocol: number): number {
    const isQuery = isQueryProtocol(protocol);
    const range = isQuery ? ALL_PORTS : this.#ports;
    let size = this.count * widthOf(range, range);
    for (const claim of isQuery ? [] : this.#claims) {
      if (claim.protocol !== undefined && claim.protocol !== protocol) continue;
      for (const { prefix, ports } of claim.publics) {
        size -= this.#within(prefix) * widthOf(range, ports ?? ALL_PORTS);
      }
    }
    return Math.max(size, 0);
  }

  /** Addresses that are in the prefix. */
  #within(prefix: Prefix): number {
    let sum = 0;
    for (const { first, last } of this.#stretches) {
      const from = prefix.network > first ? prefix.network : first;
      const end = lastAddress(prefix);
      const to = end < last ? end : last;
      if (from <= to) sum += Number(to - from + 1n);
    }
    return Math.min(sum, this.count);
  }

  at(index: number, family: 4 | 6, protocol: number): PublicAddress {
    const known = this.#known[protocol]?.get(index);
    if (known !== undefined) return known;
    const made = this.#make(index, family, protocol);
    this.#known[protocol] ??= new Map();
    this.#known[protocol].set(index, made);
    return made;
  }

  #find(set: number, protocol: number): PublicAddress | undefined {
    const { address } = this.#mappings.ports(set);
    const { family, value } = readIpAddress(address, 0, address.length === 4 ? 4 : 6);
    const stretch = this.#stretches.find(({ first, last }) => value >= first && value <= last);
    if (stretch === undefined) return undefined;
    const index = stretch.index + Number(value - stretch.first);
    return index < this.count ? this.at(index, family, protocol) : undefined;
  }

  #make(index: number, family: 4 | 6, protocol: number): PublicAddress {
    const stretch = this.#stretches.findLast((each) => each.index <= index)!;
    const value = stretch.first + BigInt(index - stretch.index);
    const bytes = new Uint8Array(family === 4 ? 4 : 16);
    writeIpAddress(bytes, 0, { family, value });
    return {
      index,
      bytes,
      set: this.#mappings.setOf(this.#peerVni, protocol, bytes),
      range: isQueryProtocol(protocol) ? ALL_PORTS : this.#ports,
      // Claims are about ports, not about identifiers.
      withheld: isQueryProtocol(protocol)
        ? []
        : this.#claims.flatMap((claim) => claimedPorts(claim, value, protocol)),
    };
  }
}

/** Ports that both have. */
function widthOf(a: PortRange, b: PortRange): number {
  return Math.max(0, Math.min(a.last, b.last) + 1 - Math.max(a.first, b.first));
}

function claimedPorts(claim: Claim, value: bigint, protocol: number): PortRange[] {
  if (claim.protocol !== undefined && claim.protocol !== protocol) return [];
  const all = claim.publics.filter(
    ({ prefix }) => value >= prefix.network && value <= lastAddress(prefix),
  );
  return all.map(({ ports }) => ports ?? ALL_PORTS);
}
