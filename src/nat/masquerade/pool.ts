// The public endpoints of one masquerade expose. A private endpoint gets one of them and keeps it
// for whatever it talks to (RFC 4787, REQ-1); a private host's endpoints share one public address
// while that has room (paired pooling, REQ-2); no endpoint has two owners (REQ-3); ports stay above
// 1023 (REQ-3a), chosen by chance (RFC 6056).

import { DROP } from "../../packet/verdict.ts";
import { type Binder, type FlowDraft, NEW_SOURCE, SOURCE } from "../../tables/flow-draft.ts";
import { hashWords } from "../../tables/key-hash.ts";
import type { MappingTable } from "../../tables/mapping-table.ts";
import {
  formatIpAddress,
  type IpAddress,
  readIpAddress,
  writeIpAddress,
} from "../../wire/ip-address.ts";
import type { PortRange } from "../../wire/port.ts";
import { addressCount, lastAddress } from "../../wire/prefix.ts";
import type { PrefixPorts } from "../../wire/prefix-ports.ts";
import type { BuildContext, Claim } from "../nat-mode.ts";
import type { MasqueradeOptions } from "./options.ts";

const NO_FREE_PORT = DROP["no-free-port"].code;
const FLOW_TABLE_FULL = DROP["flow-table-full"].code;
const ICMP = 1;
const ICMPV6 = 58;
/** More public addresses than that are not used: a flow table is never so large. */
const ADDRESSES_MAX = 0x7fffffff;
const ALL: PortRange = { first: 0, last: 65_535 };

/** Addresses from `first` on; `index` is that of the first in the whole pool. */
interface Stretch {
  readonly first: bigint;
  readonly last: bigint;
  readonly index: number;
}

/** One public address for one protocol. */
interface PublicAddress {
  /** In network order. */
  readonly bytes: Uint8Array;
  /** Number of its port set. */
  readonly set: number;
  /** Ports that belong to others, in ascending order. */
  readonly withheld: readonly PortRange[];
}

export class MasqueradePool implements Binder {
  readonly #context: BuildContext;
  readonly #options: MasqueradeOptions;
  readonly #mappings: MappingTable;
  readonly #claims: readonly Claim[];
  readonly #stretches: readonly Stretch[];
  readonly #count: number;
  /** By protocol: the addresses met so far, by index. */
  readonly #addresses = new Map<number, Map<number, PublicAddress>>();
  readonly #host = new Int32Array(5);

  constructor(publics: readonly PrefixPorts[], options: MasqueradeOptions, context: BuildContext) {
    this.#options = options;
    this.#context = context;
    this.#mappings = context.state.mappings;
    this.#claims = context.claims();
    const stretches: Stretch[] = [];
    let count = 0n;
    for (const { prefix } of publics) {
      if (count >= ADDRESSES_MAX) break;
      stretches.push({ first: prefix.network, last: lastAddress(prefix), index: Number(count) });
      count += addressCount(prefix);
    }
    this.#stretches = stretches;
    this.#count = Number(count > ADDRESSES_MAX ? BigInt(ADDRESSES_MAX) : count);
  }

  bind(draft: FlowDraft): number {
    const known = this.#mappings.find(draft);
    if (known >= 0) {
      if (this.keeps(draft)) {
        this.#mappings.hold(known);
        draft.mapping = known;
        return 0;
      }
      this.#mappings.orphan(known);
    }
    return this.#allocate(draft);
  }

  keeps(draft: FlowDraft): boolean {
    const value = readIpAddress(draft.bytes, NEW_SOURCE, draft.v6 ? 6 : 4).value;
    const stretch = this.#stretches.find(({ first, last }) => value >= first && value <= last);
    if (stretch === undefined) return false;
    const index = stretch.index + Number(value - stretch.first);
    if (index >= this.#count) return false;
    const { withheld } = this.#address(index, draft);
    const port = draft.newSourcePort;
    const range = this.#range(draft.protocol);
    if (port < range.first || port > range.last) return false;
    return !withheld.some(({ first, last }) => port >= first && port <= last);
  }

  #allocate(draft: FlowDraft): number {
    const first = this.#context.state.sequential ? 0 : this.#homeOf(draft);
    for (let i = 0; i < this.#count; i++) {
      const address = this.#address((first + i) % this.#count, draft);
      const port = this.#freePort(address, draft);
      if (port < 0) continue;
      for (let i = 0; i < draft.size; i++) draft.bytes[NEW_SOURCE + i] = address.bytes[i]!;
      draft.newSourcePort = port;
      draft.mapping = this.#mappings.add(draft, address.set);
      return draft.mapping < 0 ? FLOW_TABLE_FULL : 0;
    }
    return NO_FREE_PORT;
  }

  /** The public address that a private host starts with: always the same while the pool is. */
  #homeOf(draft: FlowDraft): number {
    const host = this.#host;
    host[0] = draft.from;
    for (let i = 0; i < draft.size / 4; i++) host[1 + i] = draft.view.getInt32(SOURCE + 4 * i);
    return (hashWords(host, 0, 1 + draft.size / 4, 0, 0) >>> 0) % this.#count;
  }

  #range(protocol: number): PortRange {
    return isQuery(protocol) ? ALL : this.#options.ports;
  }

  #freePort({ set, withheld }: PublicAddress, { protocol, sourcePort }: FlowDraft): number {
    const { sequential, random } = this.#context.state;
    const { first, last } = this.#range(protocol);
    const { portPreservation, portParity } = this.#options;
    // Of identifiers none is even or odd in a way that matters to anybody.
    const parity = portParity && !isQuery(protocol) ? sourcePort & 1 : -1;
    if (portPreservation && sourcePort >= first && sourcePort <= last) {
      const same = this.#search(set, withheld, sourcePort, sourcePort, parity);
      if (same >= 0) return same;
    }
    const start = sequential ? first : first + random.below(last + 1 - first);
    const port = this.#search(set, withheld, start, last, parity);
    if (port >= 0 || start === first) return port;
    return this.#search(set, withheld, first, start - 1, parity);
  }

  /** The first free port from `first` to `last` of that parity (-1: any), or -1. */
  #search(
    set: number,
    withheld: readonly PortRange[],
    first: number,
    last: number,
    parity: number,
  ): number {
    const ports = this.#mappings.ports(set);
    let from = first;
    while (from <= last) {
      const port = ports.nextFree(from, last);
      if (port < 0) return -1;
      const range = withheld.find((each) => port >= each.first && port <= each.last);
      if (range === undefined && (parity < 0 || (port & 1) === parity)) return port;
      from = range === undefined ? port + 1 : range.last + 1;
    }
    return -1;
  }

  #address(index: number, { protocol, v6 }: FlowDraft): PublicAddress {
    let known = this.#addresses.get(protocol);
    if (known === undefined) {
      known = new Map();
      this.#addresses.set(protocol, known);
    }
    const found = known.get(index);
    if (found !== undefined) return found;
    const stretch = this.#stretches.findLast((each) => each.index <= index)!;
    const value = stretch.first + BigInt(index - stretch.index);
    const address: IpAddress = { family: v6 ? 6 : 4, value };
    const text = formatIpAddress(address);
    const bytes = new Uint8Array(16);
    writeIpAddress(bytes, 0, address);
    const made = {
      bytes,
      set: this.#mappings.setOf(this.#context.peerVni, protocol, text),
      withheld: isQuery(protocol)
        ? []
        : this.#claims.flatMap((claim) => claimedPorts(claim, value, protocol)),
    };
    known.set(index, made);
    return made;
  }
}

function claimedPorts(claim: Claim, value: bigint, protocol: number): PortRange[] {
  if (claim.protocol !== undefined && claim.protocol !== protocol) return [];
  const all = claim.publics.filter(
    ({ prefix }) => value >= prefix.network && value <= lastAddress(prefix),
  );
  return all.map(({ ports }) => ports ?? ALL);
}

function isQuery(protocol: number): boolean {
  return protocol === ICMP || protocol === ICMPV6;
}
