// Who has which public address and port: for each private endpoint that talks to a VPC through a
// shared public address, the one public endpoint it appears as there, whatever it talks to
// (endpoint-independent mapping: RFC 4787, REQ-1; RFC 5382, REQ-1). A public endpoint has one owner
// for each VPC that sees it, whoever else may draw from the same addresses.
//
// A mapping lives as long as flows hold it. It outlives configurations.
//
// A shared mapping has no private endpoint: it only keeps a public port from being given to one
// owner while flows to different destinations share it (address-and-port-dependent mapping).

import { AddressNumbers } from "./address-numbers.ts";
import { type FlowDraft, NEW_SOURCE } from "./flow-draft.ts";
import { ENDPOINT_BEGIN, ENDPOINT_END, ENDPOINTS, type FlowEvents } from "./flow-events.ts";
import {
  MappingEntries,
  type MappingTableOptions,
  type MappingView,
  V4,
  V6,
} from "./mapping-entries.ts";
import { PublicPorts } from "./public-ports.ts";

/** A mapping that is held, to be made again if it is given up. */
export interface MappingPicture {
  readonly mapping: number;
  readonly words: Int32Array;
  /** Whether it is known for its public port. */
  readonly isNamed: boolean;
}

export class MappingTable {
  readonly #families: readonly [MappingEntries, MappingEntries];
  readonly #sets: PublicPorts[] = [];
  readonly #setNumbers = new AddressNumbers();
  readonly #events: FlowEvents | undefined;

  constructor(options: MappingTableOptions) {
    this.#events = options.events;
    this.#families = [new MappingEntries(V4, options), new MappingEntries(V6, options)];
  }

  /** Mappings that are held. */
  get count(): number {
    return this.#families[0].count + this.#families[1].count;
  }

  /** Port sets that there are: of each public address that was ever used. */
  get setCount(): number {
    return this.#sets.length;
  }

  /** All mappings are below it. */
  get limit(): number {
    return 2 * Math.max(this.#families[0].used, this.#families[1].used);
  }

  /** Reads the mapping into `view`; false when nobody holds it. */
  read(mapping: number, view: MappingView): boolean {
    return this.#families[mapping & 1]!.read(mapping >> 1, view);
  }

  /** The number of the port set of a public address, in network order, as one VPC (by VNI) sees
   * it. */
  setOf(toVni: number, protocol: number, address: Uint8Array): number {
    const view = new DataView(address.buffer, address.byteOffset, address.length);
    const known = this.knownSet(toVni, protocol, view, 0, address.length);
    if (known >= 0) return known;
    const number = this.#sets.push(new PublicPorts(address, toVni, protocol)) - 1;
    this.#setNumbers.name(networkOf(toVni, protocol), view, 0, address.length, number);
    return number;
  }

  /** The same of the address of `size` bytes `at` in `view`; -1 when it has never had one. */
  knownSet(toVni: number, protocol: number, view: DataView, at: number, size: number): number {
    return this.#setNumbers.find(networkOf(toVni, protocol), view, at, size);
  }

  /** The port set of the mapping's public endpoint. */
  set(mapping: number): number {
    return this.#families[mapping & 1]!.set(mapping >> 1);
  }

  ports(set: number): PublicPorts {
    return this.#sets[set]!;
  }

  /** The mapping of the draft's source, written into the draft as its new source; -1 for none. */
  find(draft: FlowDraft): number {
    const family = this.#families[draft.v6 ? 1 : 0];
    const entry = family.find(draft);
    if (entry < 0) return -1;
    const { address } = this.#sets[family.set(entry)]!;
    for (let i = 0; i < draft.size; i++) draft.bytes[NEW_SOURCE + i] = address[i]!;
    draft.newSourcePort = family.port(entry);
    return handle(entry, draft.v6);
  }

  /** A mapping of the draft's source, for which `find` found none, to its new source, held once; -1
   * when the table is full. The port must be free in the set and is taken. */
  add(draft: FlowDraft, set: number): number {
    return this.#take(draft, set, false);
  }

  /** Lets the draft share its new source, which must be free or shared already; -1 when the table
   * is full. */
  share(draft: FlowDraft, set: number): number {
    const ports = this.#sets[set]!;
    const known = ports.owner(draft.newSourcePort);
    if (known >= 0) {
      this.hold(known);
      return known;
    }
    const mapping = this.#take(draft, set, true);
    if (mapping >= 0) ports.name(draft.newSourcePort, mapping);
    return mapping;
  }

  /** Whether the public port is shared by flows to different destinations. */
  shares(set: number, port: number): boolean {
    const owner = this.#sets[set]!.owner(port);
    return owner >= 0 && this.isShared(owner);
  }

  isShared(mapping: number): boolean {
    return this.#families[mapping & 1]!.isShared(mapping >> 1);
  }

  /** The VNI of who sees its public endpoint. */
  realm(mapping: number): number {
    return this.#families[mapping & 1]!.realm(mapping >> 1);
  }

  /** Whether `receiver` would find a mapping. */
  hasReceiver(set: number, port: number, vni: number): boolean {
    const mapping = this.#sets[set]!.owner(port);
    if (mapping < 0 || this.isShared(mapping)) return false;
    return this.#families[mapping & 1]!.ownerVni(mapping >> 1) === vni;
  }

  /** From now on `receiver` finds the mapping by its public endpoint. */
  open(mapping: number): void {
    const family = this.#families[mapping & 1]!;
    const entry = mapping >> 1;
    this.#sets[family.set(entry)]!.name(family.port(entry), mapping);
  }

  /** The opened mapping with that public port, its private endpoint written into the draft as the
   * new destination; -1 for none that is of the VPC `vni`. */
  receiver(draft: FlowDraft, set: number, port: number, vni: number): number {
    const mapping = this.#sets[set]!.owner(port);
    if (mapping < 0 || this.isShared(mapping)) return -1;
    const known = this.#families[mapping & 1]!.recallOwner(mapping >> 1, draft, vni);
    return known ? mapping : -1;
  }

  hold(mapping: number): void {
    this.#families[mapping & 1]!.hold(mapping >> 1);
  }

  /** What the mapping is, for `holdAgain`. */
  picture(mapping: number): MappingPicture {
    const entry = mapping >> 1;
    const family = this.#families[mapping & 1]!;
    const isNamed = this.#sets[family.set(entry)]!.owner(family.port(entry)) === mapping;
    return { mapping, words: family.copy(entry), isNamed };
  }

  /** One holder more, of the mapping as it was when nobody has held it since. What was taken since
   * must have been given back. */
  holdAgain({ mapping, words, isNamed }: MappingPicture): void {
    const family = this.#families[mapping & 1]!;
    const entry = mapping >> 1;
    if (family.holders(entry) > 0) {
      family.hold(entry);
      return;
    }
    family.revive(entry, words);
    const ports = this.#sets[family.set(entry)]!;
    ports.free.take(family.port(entry));
    if (isNamed) ports.name(family.port(entry), mapping);
  }

  /** Fetches what releasing the mappings will need of memory, so that cache misses overlap. */
  fetch(mappings: Int32Array, count: number): number {
    return this.#families[0].fetch(mappings, count) ^ this.#families[1].fetch(mappings, count);
  }

  /** One holder less; with the last the port is free again. */
  release(mapping: number): void {
    const family = this.#families[mapping & 1]!;
    const entry = mapping >> 1;
    if (!family.release(entry)) return;
    this.#tell(family, entry, ENDPOINT_END);
    this.#sets[family.set(entry)]!.release(family.port(entry));
  }

  #take(draft: FlowDraft, set: number, shared: boolean): number {
    const family = this.#families[draft.v6 ? 1 : 0];
    const entry = family.add(draft, set, shared);
    if (entry < 0) return -1;
    this.#sets[set]!.free.take(draft.newSourcePort);
    this.#tell(family, entry, ENDPOINT_BEGIN);
    return handle(entry, draft.v6);
  }

  /** A shared one has no owner that could be told; its flows are. */
  #tell(family: MappingEntries, entry: number, kind: number): void {
    const events = this.#events;
    if (events === undefined || (events.what & ENDPOINTS) === 0 || family.isShared(entry)) return;
    const { address } = this.#sets[family.set(entry)]!;
    events.endpoint(kind, family.words, family.at(entry), address, family.port(entry));
  }

  /** Flows that hold it keep it, new ones get another. */
  orphan(mapping: number): void {
    this.#families[mapping & 1]!.orphan(mapping >> 1);
  }
}

function networkOf(vni: number, protocol: number): number {
  return (vni << 8) | protocol;
}

function handle(entry: number, v6: boolean): number {
  return (entry << 1) | (v6 ? 1 : 0);
}
