// Who has which public address and port: for each private endpoint that talks to a VPC through a
// shared public address, the one public endpoint it appears as there, whatever it talks to
// (endpoint-independent mapping: RFC 4787, REQ-1; RFC 5382, REQ-1). A public endpoint has one owner
// for each VPC that sees it, whoever else may draw from the same addresses.
//
// A mapping lives as long as flows hold it. It outlives configurations.
//
// A shared mapping has no private endpoint: it only keeps a public port from being given to one
// owner while flows to different destinations share it (address-and-port-dependent mapping).

import type { Memory } from "../base/arena.ts";
import { AddressNumbers } from "./address-numbers.ts";
import { type FlowDraft, NEW_DESTINATION, NEW_SOURCE, SOURCE } from "./flow-draft.ts";
import { ENDPOINT_BEGIN, ENDPOINT_END, ENDPOINTS, type FlowEvents } from "./flow-events.ts";
import type { HashKey } from "./key-hash.ts";
import { KeyedSlab } from "./keyed-slab.ts";
import { PublicPorts } from "./public-ports.ts";

/** Where in an entry which word stands. */
interface Layout {
  readonly words: number;
  readonly addressWords: number;
  /** The public port, ORPHAN and SHARED. */
  readonly port: number;
  readonly holders: number;
  /** Number of the port set, which knows the public address. */
  readonly set: number;
}

// Key: VNI of the owner << 8 | protocol, VNI of who sees the public endpoint, address, port.
const V4: Layout = { words: 7, addressWords: 1, port: 4, holders: 5, set: 6 };
const V6: Layout = { words: 10, addressWords: 4, port: 7, holders: 8, set: 9 };

/** Not found by its key: it is shared, or another mapping of the same private endpoint has taken
 * its place. */
const ORPHAN = 0x10000;
const SHARED = 0x20000;

export interface MappingTableOptions {
  /** Most flows of an address family. */
  readonly flows: number;
  readonly memory: Memory;
  readonly hashKey: HashKey;
  /** Undefined: nothing is recorded. */
  readonly events?: FlowEvents | undefined;
}

/** A mapping, to be looked at. */
export class MappingView {
  /** The VNI of its owner: the private endpoint. */
  vni = 0;
  /** The owner's address: one word, or four of IPv6, in the order of the address. */
  readonly address = new Int32Array(4);
  set = 0;
  /** The public port. */
  port = 0;
  /** Several private endpoints share it; the owner is the first of them. */
  shared = false;
}

export class MappingTable {
  readonly #families: readonly [Family, Family];
  readonly #sets: PublicPorts[] = [];
  readonly #setNumbers = new AddressNumbers();
  readonly #events: FlowEvents | undefined;

  constructor(options: MappingTableOptions) {
    this.#events = options.events;
    this.#families = [new Family(V4, options), new Family(V6, options)];
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
  #tell(family: Family, entry: number, kind: number): void {
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

const FETCH_MAX = 256;

class Family {
  readonly #tags = new Int32Array(FETCH_MAX);
  readonly #layout: Layout;
  readonly #slab: KeyedSlab;
  readonly #key: Int32Array;
  readonly #free: number[] = [];
  /** Entries below it have been given out. */
  used = 0;
  count = 0;

  constructor(layout: Layout, { flows, memory, hashKey }: MappingTableOptions) {
    this.#layout = layout;
    const keyWords = 3 + layout.addressWords;
    const entryWords = layout.words;
    // A flow makes one and may hold another, that it is sent to, whose own flows are over.
    const slab = { capacity: 2 * flows, usual: flows, entryWords, keyWords, memory, hashKey };
    this.#slab = new KeyedSlab(slab);
    this.#key = new Int32Array(keyWords);
  }

  fetch(mappings: Int32Array, total: number): number {
    const v6 = this.#layout === V6 ? 1 : 0;
    let count = 0;
    for (let i = 0; i < total && count < FETCH_MAX; i++) {
      if ((mappings[i]! & 1) === v6) this.#tags[count++] = this.#slab.tagOf(mappings[i]! >> 1);
    }
    return this.#slab.fetch(this.#tags, count);
  }

  find(draft: FlowDraft): number {
    this.#writeKey(draft);
    draft.mappingTag = this.#slab.hash(this.#key, 0);
    return this.#slab.find(this.#key, 0, draft.mappingTag);
  }

  get words(): Int32Array {
    return this.#slab.words;
  }

  /** Where the entry begins, with its key. */
  at(entry: number): number {
    return entry * this.#layout.words;
  }

  /** Of the private endpoint of the entry; false when it is not of the VPC `vni`. */
  recallOwner(entry: number, draft: FlowDraft, vni: number): boolean {
    const { words } = this.#slab;
    const { addressWords } = this.#layout;
    const at = entry * this.#layout.words;
    if (this.ownerVni(entry) !== vni) return false;
    for (let i = 0; i < addressWords; i++) {
      draft.view.setInt32(NEW_DESTINATION + 4 * i, words[at + 2 + i]!);
    }
    draft.newDestinationPort = words[at + 2 + addressWords]!;
    return true;
  }

  ownerVni(entry: number): number {
    return this.#slab.words[entry * this.#layout.words]! >>> 8;
  }

  realm(entry: number): number {
    return this.#slab.words[entry * this.#layout.words + 1]!;
  }

  isShared(entry: number): boolean {
    return (this.#slab.words[entry * this.#layout.words + this.#layout.port]! & SHARED) !== 0;
  }

  set(entry: number): number {
    return this.#slab.words[entry * this.#layout.words + this.#layout.set]!;
  }

  /** The public port. */
  port(entry: number): number {
    return this.#slab.words[entry * this.#layout.words + this.#layout.port]! & 0xffff;
  }

  read(entry: number, view: MappingView): boolean {
    const { words } = this.#slab;
    const { words: entryWords, addressWords, holders } = this.#layout;
    const at = entry * entryWords;
    if (entry >= this.used || words[at + holders]! <= 0) return false;
    view.vni = this.ownerVni(entry);
    for (let i = 0; i < addressWords; i++) view.address[i] = words[at + 2 + i]!;
    view.set = this.set(entry);
    view.port = this.port(entry);
    view.shared = this.isShared(entry);
    return true;
  }

  add(draft: FlowDraft, set: number, shared: boolean): number {
    const entry = this.#free.pop() ?? (this.used < this.#slab.capacity ? this.used++ : undefined);
    if (entry === undefined) return -1;
    this.#writeKey(draft);
    const { words } = this.#slab;
    const layout = this.#layout;
    const at = entry * layout.words;
    for (let i = 0; i < this.#key.length; i++) words[at + i] = this.#key[i]!;
    words[at + layout.port] = draft.newSourcePort | (shared ? SHARED | ORPHAN : 0);
    words[at + layout.holders] = 1;
    words[at + layout.set] = set;
    if (!shared) this.#slab.link(entry, draft.mappingTag);
    this.count++;
    return entry;
  }

  hold(entry: number): void {
    const at = entry * this.#layout.words + this.#layout.holders;
    this.#slab.words[at] = this.#slab.words[at]! + 1;
  }

  /** Whether that was the last holder; then the entry still says what is free again. */
  release(entry: number): boolean {
    const { words } = this.#slab;
    const layout = this.#layout;
    const at = entry * layout.words;
    words[at + layout.holders] = words[at + layout.holders]! - 1;
    if (words[at + layout.holders]! > 0) return false;
    const port = words[at + layout.port]!;
    if ((port & ORPHAN) === 0) this.#slab.unlink(entry);
    this.#free.push(entry);
    this.count--;
    return true;
  }

  orphan(entry: number): void {
    const at = entry * this.#layout.words + this.#layout.port;
    this.#slab.unlink(entry);
    this.#slab.words[at] = this.#slab.words[at]! | ORPHAN;
  }

  #writeKey({ from, realm, protocol, view, sourcePort }: FlowDraft): void {
    const key = this.#key;
    const { addressWords } = this.#layout;
    key[0] = (from << 8) | protocol;
    key[1] = realm;
    for (let i = 0; i < addressWords; i++) key[2 + i] = view.getInt32(SOURCE + 4 * i);
    key[2 + addressWords] = sourcePort;
  }
}
