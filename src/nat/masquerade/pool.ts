// The public endpoints of one masquerade expose. A private endpoint gets one of them and keeps it
// for whatever it talks to (RFC 4787, REQ-1); a private host's endpoints share one public address
// while that has room (paired pooling, REQ-2); no endpoint has two owners (REQ-3); ports stay above
// 1023 (REQ-3a), chosen by chance (RFC 6056).

import { DROP } from "../../packet/verdict.ts";
import {
  type Binder,
  DESTINATION,
  type FlowDraft,
  isQueryProtocol,
  NEW_DESTINATION,
  NEW_SOURCE,
  SOURCE,
} from "../../tables/flow-draft.ts";
import { hashWords } from "../../tables/key-hash.ts";
import type { MappingTable } from "../../tables/mapping-table.ts";
import { readIpAddress } from "../../wire/ip-address.ts";
import { lastAddress } from "../../wire/prefix.ts";
import { formatPrefixPorts, type PrefixPorts } from "../../wire/prefix-ports.ts";
import type { BuildContext } from "../nat-mode.ts";
import type { NatPool, PoolAddress } from "../nat-pool.ts";
import type { RefusalCounts } from "../refusals.ts";
import {
  isOwnPort,
  type MayShare,
  ownPortCount,
  type Patience,
  searchPort,
} from "./choose-port.ts";
import type { MasqueradeOptions } from "./options.ts";
import { type PublicAddress, PublicAddresses } from "./public-addresses.ts";

const NO_FLOW = DROP["no-flow"].code;
const NO_FREE_PORT = DROP["no-free-port"].code;
const FLOW_TABLE_FULL = DROP["flow-table-full"].code;
const HOST_FLOW_LIMIT = DROP["host-flow-limit"].code;
/** Public addresses that hosts start with; the others are for when these are full. */
const HOMES_MAX = 4096;
/** Ports of a full pool that may be asked in a tick. */
const PATIENCE = 65_536;

/** Both sides of an expose. */
export interface Sides {
  readonly privates: readonly PrefixPorts[];
  readonly publics: readonly PrefixPorts[];
}

export class MasqueradePool implements Binder, NatPool {
  readonly publics: readonly PrefixPorts[];
  readonly #context: BuildContext;
  readonly #privates: readonly PrefixPorts[];
  readonly #options: MasqueradeOptions;
  readonly #mappings: MappingTable;
  readonly #addresses: PublicAddresses;
  readonly #homes: number;
  readonly #refusals: RefusalCounts;
  readonly #sequential: boolean;
  readonly #host = new Int32Array(5);
  readonly #patience: Patience = { left: PATIENCE };
  #patienceTick = 0;

  constructor({ privates, publics }: Sides, options: MasqueradeOptions, context: BuildContext) {
    this.#privates = privates;
    this.publics = publics;
    this.#options = options;
    this.#context = context;
    this.#mappings = context.state.mappings;
    this.#sequential = context.state.sequential || options.allocation === "sequential";
    this.#addresses = new PublicAddresses(publics, options.ports, context);
    const { vni, peerVni, state } = context;
    this.#homes = Math.min(this.#addresses.count, HOMES_MAX);
    const key = `${vni} ${peerVni} ${publics.map(formatPrefixPorts)}`;
    this.#refusals = state.refusals.of(key, this.#homes);
  }

  get vni(): number {
    return this.#context.vni;
  }

  get peerVni(): number {
    return this.#context.peerVni;
  }

  get addressCount(): number {
    return this.#addresses.count;
  }

  get isPaired(): boolean {
    return !this.#sequential;
  }

  size(protocol: number): number {
    return this.#addresses.size(protocol);
  }

  addressOf(set: number, protocol: number): PoolAddress | undefined {
    const address = this.#addresses.ofSet(set, protocol);
    if (address === undefined) return undefined;
    const { bytes, index } = address;
    return {
      bytes,
      size: ownPortCount(address),
      gives: (port) => isOwnPort(address, port),
      refused: this.#refusals.refusedAt(protocol, index),
      elsewhere: this.#refusals.elsewhereAt(protocol, index),
    };
  }

  refused(protocol: number): number {
    return this.#refusals.refused(protocol);
  }

  elsewhere(protocol: number): number {
    return this.#refusals.elsewhere(protocol);
  }

  bind(draft: FlowDraft): number {
    const { flowsPerHost, mapping, filtering } = this.#options;
    draft.realm = this.#context.peerVni;
    if (flowsPerHost !== undefined) {
      draft.host = this.#enter(draft, flowsPerHost);
      if (draft.host < 0) return HOST_FLOW_LIMIT;
    }
    if (mapping === "address-and-port-dependent") return this.#allocate(draft, true);
    const known = this.#mappings.find(draft);
    if (known < 0) return this.#allocate(draft, false);
    if (!this.#owns(known, draft)) {
      this.#mappings.orphan(known);
      return this.#allocate(draft, false);
    }
    this.#mappings.hold(known);
    draft.mapping = known;
    if (filtering === "endpoint-independent") this.#mappings.open(known);
    return 0;
  }

  receive(draft: FlowDraft): number {
    if (draft.isQuery) return NO_FLOW;
    const { vni, peerVni } = this.#context;
    const { view, protocol, size } = draft;
    const set = this.#mappings.knownSet(peerVni, protocol, view, DESTINATION, size);
    if (set < 0) return NO_FLOW;
    const mapping = this.#mappings.receiver(draft, set, draft.destinationPort, vni);
    if (mapping < 0) return NO_FLOW;
    this.#mappings.hold(mapping);
    draft.receiver = mapping;
    return 0;
  }

  keeps(draft: FlowDraft): boolean {
    const shared = this.#options.mapping === "address-and-port-dependent";
    if (this.#mappings.isShared(draft.mapping) && !shared) return false;
    return this.#isSeenHere(draft.mapping) && this.#owns(draft.mapping, draft);
  }

  serves(view: DataView, at: number, v6: boolean, protocol: number, port: number): boolean {
    if (isQueryProtocol(protocol)) return false;
    const { vni, peerVni } = this.#context;
    const set = this.#mappings.knownSet(peerVni, protocol, view, at, v6 ? 16 : 4);
    return set >= 0 && this.#mappings.hasReceiver(set, port, vni);
  }

  keepsReceived(draft: FlowDraft): boolean {
    if (!this.#isSeenHere(draft.receiver)) return false;
    const address = this.#addressOf(draft.receiver, draft);
    if (address === undefined || !isOwnPort(address, draft.destinationPort)) return false;
    const { value } = readIpAddress(draft.bytes, NEW_DESTINATION, draft.v6 ? 6 : 4);
    return this.#privates.some(
      ({ prefix }) => value >= prefix.network && value <= lastAddress(prefix),
    );
  }

  adopt(draft: FlowDraft): void {
    const { flowsPerHost, filtering } = this.#options;
    draft.realm = this.#context.peerVni;
    if (flowsPerHost !== undefined && draft.host < 0) {
      draft.host = this.#context.state.hosts().enter(draft, Number.POSITIVE_INFINITY);
    }
    if (filtering === "endpoint-independent") this.#mappings.open(draft.mapping);
  }

  /** Counts the draft's flow for its host; -1 when that has `limit` flows that are not over. */
  #enter(draft: FlowDraft, limit: number): number {
    const { hosts, settle } = this.#context.state;
    const host = hosts().enter(draft, limit);
    if (host >= 0) return host;
    settle(draft);
    return hosts().enter(draft, limit);
  }

  /** Whether the public endpoint is one for the peer of today: each VPC sees its own. */
  #isSeenHere(mapping: number): boolean {
    return this.#mappings.realm(mapping) === this.#context.peerVni;
  }

  /** Whether the mapping, whose public endpoint is the draft's new source, is one that this pool
   * may give. */
  #owns(mapping: number, draft: FlowDraft): boolean {
    const address = this.#addressOf(mapping, draft);
    return address !== undefined && isOwnPort(address, draft.newSourcePort);
  }

  #addressOf(mapping: number, { protocol }: FlowDraft): PublicAddress | undefined {
    return this.#addresses.ofSet(this.#mappings.set(mapping), protocol);
  }

  #allocate(draft: FlowDraft, shared: boolean): number {
    const { count } = this.#addresses;
    const first = this.#sequential ? 0 : this.#homeOf(draft);
    for (let i = 0; i < count; i++) {
      const family = draft.v6 ? 6 : 4;
      const address = this.#addresses.at((first + i) % count, family, draft.protocol);
      for (let i = 0; i < draft.size; i++) draft.bytes[NEW_SOURCE + i] = address.bytes[i]!;
      const port = this.#choose(address, draft, shared);
      if (port < 0) continue;
      draft.newSourcePort = port;
      const refused = this.#take(draft, address, shared);
      if (i > 0 && refused === 0) this.#refusals.sendElsewhere(draft.protocol, first);
      return refused;
    }
    this.#refusals.refuse(draft.protocol, first);
    return NO_FREE_PORT;
  }

  #take(draft: FlowDraft, { set }: PublicAddress, shared: boolean): number {
    draft.mapping = shared ? this.#mappings.share(draft, set) : this.#mappings.add(draft, set);
    if (draft.mapping < 0) return FLOW_TABLE_FULL;
    if (this.#options.filtering === "endpoint-independent") this.#mappings.open(draft.mapping);
    return 0;
  }

  /** The public address that a private host starts with: always the same while the pool is. Of a
   * large pool not all are, since something is kept for each address that has been used. */
  #homeOf(draft: FlowDraft): number {
    const host = this.#host;
    host[0] = draft.from;
    for (let i = 0; i < draft.size / 4; i++) host[1 + i] = draft.view.getInt32(SOURCE + 4 * i);
    return (hashWords(host, 0, 1 + draft.size / 4, 0, 0) >>> 0) % this.#homes;
  }

  #choose(address: PublicAddress, draft: FlowDraft, shared: boolean): number {
    const { random } = this.#context.state;
    const { portPreservation, portParity } = this.#options;
    const { isQuery, sourcePort } = draft;
    const { first, last } = address.range;
    const start = this.#sequential ? first : first + random.below(last + 1 - first);
    const wish = portPreservation ? sourcePort : -1;
    // Of identifiers none is even or odd in a way that matters to anybody.
    const parity = portParity && !isQuery ? sourcePort & 1 : -1;
    const { free } = this.#mappings.ports(address.set);
    const mayShare = shared ? this.#sharing(address.set, draft) : undefined;
    return searchPort(free, address, start, wish, parity, mayShare, this.#patienceAt(draft.tick));
  }

  /** Apart, since what a closure remembers is made at every call of the function it stands in. */
  #sharing(set: number, draft: FlowDraft): MayShare {
    return (port) => this.#mappings.shares(set, port) && this.#isFreeFor(draft, port);
  }

  #patienceAt(tick: number): Patience {
    if (tick !== this.#patienceTick) this.#patience.left = PATIENCE;
    this.#patienceTick = tick;
    return this.#patience;
  }

  /** Whether answers to the draft's flow by that public port would be its own. */
  #isFreeFor(draft: FlowDraft, port: number): boolean {
    draft.newSourcePort = port;
    if (draft.isQuery) draft.newDestinationPort = port;
    return !this.#context.state.inUse(draft);
  }
}
