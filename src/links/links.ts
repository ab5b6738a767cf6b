// The live gateway among its neighbors: asks where they are, answers for itself and for what it
// stands for, and keeps the headers that lead to them. It sees single frames and is in no hurry;
// the data path looks up what it has found out.

import type { Config, Underlay } from "../config/model.ts";
import type { HeldPackets } from "../tables/held-packets.ts";
import type { NeighborTable } from "../tables/neighbor-table.ts";
import { formatIpAddress, type IpAddress, sameIpAddress } from "../wire/ip-address.ts";
import { formatMac } from "../wire/mac.ts";
import { containsAddress, type Prefix } from "../wire/prefix.ts";
import { Announcements } from "./announcements.ts";
import { Attention } from "./attention.ts";
import { turnEcho } from "./echo.ts";
import { buildAnswer, buildQuestion, type NeighborNews, readNews } from "./frames.ts";
import { type Link, ownAddressFor, vtepNumber } from "./link.ts";
import { type NeighborView, neighborView } from "./list-neighbors.ts";
import { ASK_MILLIS, type Neighbor, Neighbors } from "./neighbors.ts";
import { type OuterHop, wrap } from "./outer.ts";
import { Plan, type Ways } from "./plan.ts";
import { Templates } from "./templates.ts";
import { hostUnreachable, packetIn } from "./unreachable.ts";

/** An interface as it is now. */
export interface Port {
  /** The gateway's number for it. */
  readonly iface: number;
  readonly mac: Uint8Array;
}

/** A frame of the gateway's own. */
export interface OwnFrame {
  readonly iface: number;
  readonly frame: Uint8Array;
}

/** A received frame that was for the gateway, and where its parts are: offsets in bytes, -1 for
 * what it has not. */
export interface OwnFrameFacts {
  readonly iface: number;
  readonly vpc: string | undefined;
  readonly frame: Uint8Array;
  /** Of the outer IP header, and of the frame in the tunnel. */
  readonly outer: number;
  readonly inner: number;
  readonly l3: number;
  readonly l4: number;
}

export interface LinksDependencies {
  readonly neighbors: NeighborTable;
  readonly held: HeldPackets;
  /** Sentences for the operator. */
  readonly notice: (sentence: string) => void;
}

export class Links {
  readonly #neighbors: Neighbors;
  readonly #held: HeldPackets;
  readonly #notice: (sentence: string) => void;
  readonly #plan: Plan;
  readonly #templates: Templates;
  readonly #announcements = new Announcements();
  readonly #attention = new Attention();
  readonly #ports = new Map<string, Port>();
  readonly #hops = new Map<number, OuterHop>();
  /** Undefined when it must be made anew. */
  #wantedVteps: ReadonlySet<number> | undefined;
  #lastWanted: ReadonlySet<number> = new Set();
  #underlay: Underlay | undefined;
  #out: OwnFrame[] = [];
  /** As if they had come in. */
  #injected: OwnFrame[] = [];
  #ready: number[] = [];
  #due = 0;

  constructor({ neighbors, held, notice }: LinksDependencies) {
    this.#held = held;
    this.#notice = notice;
    this.#templates = new Templates(neighbors);
    this.#neighbors = new Neighbors(neighbors, {
      ask: (neighbor) => this.#ask(neighbor),
      moved: (neighbor) => this.#write(neighbor),
      lost: (neighbor) => this.#giveUp(neighbor),
    });
    this.#plan = new Plan(this.#neighbors);
  }

  /** What a configuration will need, without harm to what is there; `commit` makes it so. */
  prepare(config: Config, now: number): Ways {
    return this.#plan.prepare(config, now);
  }

  commit(config: Config, now: number): void {
    this.#due = now;
    this.#attention.clear();
    this.#underlay = config.underlay;
    if (config.underlay === undefined) this.#hops.clear();
    for (const link of this.#plan.commit()) this.#neighbors.forget(link, true, now);
    for (const link of this.#plan.links()) {
      if (link.kind !== "tunnel") this.#announcements.start(link.key, now);
    }
    this.#wantedVteps = undefined;
    this.#writeAll();
  }

  /** The interface of that name is there and up, or (undefined) it is not. */
  setPort(name: string, port: Port | undefined, now: number): void {
    this.#due = now;
    const before = this.#ports.get(name);
    if (port) this.#ports.set(name, port);
    else this.#ports.delete(name);
    const gone = port === undefined && before !== undefined;
    for (const link of this.#plan.links()) {
      if (link.kind !== "ethernet" || link.interface !== name) continue;
      if (gone) this.#neighbors.forget(this.#plan.indexOf(link), false, now);
      else this.#announcements.start(link.key, now);
    }
    this.#writeAll();
  }

  /** Where packets to a VTEP go on the underlay; undefined while that is not known. */
  setOuterHop(vtep: IpAddress, hop: OuterHop | undefined, now: number): void {
    this.#due = now;
    const remote = vtepNumber(vtep);
    if (hop) this.#hops.set(remote, hop);
    else this.#hops.delete(remote);
    for (const link of this.#plan.links()) {
      const isThere = link.kind === "segment" && link.vteps.includes(remote);
      if (isThere && hop) this.#announcements.start(link.key, now);
    }
    this.#writeAll();
  }

  /** The VTEPs that packets go to, as 32-bit numbers; the same set until they are others. */
  wantedVteps(): ReadonlySet<number> {
    this.#wantedVteps ??= this.#findWantedVteps();
    return this.#wantedVteps;
  }

  #findWantedVteps(): ReadonlySet<number> {
    const wanted = new Set<number>();
    for (const link of this.#plan.links()) {
      if (link.kind === "tunnel") wanted.add(link.vtep);
      if (link.kind === "segment") for (const vtep of link.vteps) wanted.add(vtep);
    }
    for (const { vtep } of this.#neighbors.all()) if (vtep !== 0) wanted.add(vtep);
    const before = this.#lastWanted;
    const same = wanted.size === before.size && [...wanted].every((vtep) => before.has(vtep));
    if (!same) this.#lastWanted = wanted;
    return this.#lastWanted;
  }

  /** Neighbors have numbers below this. */
  get neighborLimit(): number {
    return this.#neighbors.limit;
  }

  /** The neighbor of that number, if there is one, in `vpc` if that is given. */
  neighbor(number: number, vpc?: string): NeighborView | undefined {
    return neighborView(this.#neighbors, this.#plan, number, vpc);
  }

  /** Frames to send, since the last call. */
  takeFrames(): readonly OwnFrame[] {
    const frames = this.#out;
    if (frames.length > 0) this.#out = [];
    return frames;
  }

  /** Frames to take for received ones, since the last call: errors about packets that could not
   * be delivered, on their way back. */
  takeInjected(): readonly OwnFrame[] {
    const frames = this.#injected;
    if (frames.length > 0) this.#injected = [];
    return frames;
  }

  /** Entries of the neighbor table whose held packets can go, since the last call. */
  takeReady(): readonly number[] {
    const ready = this.#ready;
    if (ready.length > 0) this.#ready = [];
    return ready;
  }

  /** Of an entry that was ready some packets had to stay: it is again, at the next `tick`. */
  putOff(entry: number, now: number): void {
    this.#ready.push(entry);
    this.#due = now;
  }

  /** A frame that is for the gateway itself. */
  handle(facts: OwnFrameFacts, now: number): void {
    const { vpc, frame, inner, outer, l3, l4, iface } = facts;
    if (vpc === undefined || !this.#attention.take(vpc, now)) return;
    this.#due = Math.min(this.#due, now + ASK_MILLIS);
    const start = Math.max(inner, 0);
    const news = readNews(frame.subarray(start));
    const link = this.#linkOf(facts);
    if (news && link) this.#hear(link, news, frame.slice(start + 6, start + 12), facts, now);
    if (news || l3 < 0) return;
    const type = frame[l4];
    if (type !== (frame[l3]! >>> 4 === 6 ? 128 : 8)) return;
    const answer = frame.slice();
    turnEcho(answer, l3, l4, outer, inner);
    this.#out.push({ iface, frame: answer });
  }

  /** Does what is due at `now`, in milliseconds; nearly nothing when that is nothing. */
  tick(now: number): void {
    if (this.#neighbors.hasFresh) {
      this.#neighbors.takeFresh(now);
      this.#due = Math.min(this.#due, now + ASK_MILLIS);
    }
    if (now < this.#due) return;
    this.#neighbors.tick(now);
    for (const key of this.#announcements.due(now)) {
      const link = this.#plan.links().find((each) => each.key === key);
      if (link) this.#announce(link);
    }
    const next = Math.min(this.#neighbors.due(), this.#announcements.next());
    this.#due = this.#injected.length > 0 ? now : next;
  }

  /** When `tick` is due next, in milliseconds. */
  due(): number {
    return this.#due;
  }

  #linkOf({ iface, vpc }: OwnFrameFacts): Link | undefined {
    return this.#plan.links().find((link) => {
      if (link.vpc !== vpc) return false;
      if (link.kind === "ethernet") return this.#ports.get(link.interface)?.iface === iface;
      return link.kind === "segment" && iface === this.#underlayPort()?.iface;
    });
  }

  #hear(
    link: Link,
    news: NeighborNews,
    source: Uint8Array,
    { frame, outer }: OwnFrameFacts,
    now: number,
  ): void {
    const mac = this.#macOf(link);
    if (mac === undefined || sameBytes(source, mac)) return;
    const { kind, target, sender } = news;
    const theirs = news.mac ?? source;
    const vtep = outer < 0 ? 0 : new DataView(frame.buffer, frame.byteOffset).getInt32(outer + 12);
    const said = kind === "answer" ? target : sender;
    if (said && this.#isOwn(link, said)) {
      this.#defend(link, said, theirs, now);
      return;
    }
    const asksUs = kind === "question" && this.#answersFor(link, target);
    if (said && ownAddressFor(link, said)) {
      const override = kind === "question" || news.override;
      this.#neighbors.heard(
        this.#plan.indexOf(link),
        said,
        { mac: theirs, vtep, override, isNew: asksUs },
        now,
      );
    }
    if (!asksUs) return;
    const answer = buildAnswer(target, mac, sender && { address: sender, mac: theirs });
    this.#send(link, answer, sender && vtep);
  }

  #isOwn(link: Link, address: IpAddress): boolean {
    return link.addresses.some((own) => sameIpAddress(own.address, address));
  }

  /** Its own addresses, and what peers are reached by, as far as hosts take it for a neighbor. */
  #answersFor(link: Link, address: IpAddress): boolean {
    if (this.#isOwn(link, address)) return true;
    if (ownAddressFor(link, address) === undefined) return false;
    return this.#plan.publicsOf(link).some((prefix: Prefix) => containsAddress(prefix, address));
  }

  /** Somebody else claims the gateway's address (RFC 5227, 2.4). */
  #defend(link: Link, address: IpAddress, mac: Uint8Array, now: number): void {
    if (!this.#announcements.mayDefend(link.key, now)) return;
    const who = `${formatIpAddress(address)} of ${link.vpc}`;
    this.#notice(`${who} is also claimed by ${formatMac(mac)}: two machines have one address.`);
    this.#announce(link);
  }

  #announce(link: Link): void {
    const mac = this.#macOf(link);
    if (mac === undefined) return;
    const own = link.addresses.map(({ address }) => address);
    for (const address of [...own, ...this.#plan.singlePublicsOf(link)]) {
      this.#send(link, buildAnswer(address, mac, undefined), undefined);
    }
  }

  #ask(neighbor: Neighbor): void {
    const link = this.#plan.link(neighbor.link);
    const mac = link && this.#macOf(link);
    const from = link && ownAddressFor(link, neighbor.address);
    if (!link || !mac || !from) return;
    const question = buildQuestion(neighbor.address, from, mac, neighbor.mac);
    this.#send(link, question, neighbor.mac && neighbor.vtep);
  }

  /** Out on the link; in a VNI to one VTEP, or (undefined) to all. */
  #send(link: Link, frame: Uint8Array, vtep: number | undefined): void {
    if (link.kind === "ethernet") {
      const port = this.#ports.get(link.interface);
      if (port) this.#out.push({ iface: port.iface, frame });
      return;
    }
    const port = this.#underlayPort();
    if (link.kind !== "segment" || !port || !this.#underlay) return;
    for (const remote of vtep === undefined ? link.vteps : [vtep]) {
      const hop = this.#hops.get(remote);
      if (!hop) continue;
      const wrapped = wrap(frame, link.vni, vtepNumber(this.#underlay.vtep), remote, hop);
      this.#out.push({ iface: port.iface, frame: wrapped });
    }
  }

  #underlayPort(): Port | undefined {
    return this.#underlay && this.#ports.get(this.#underlay.interface);
  }

  /** The gateway's own on the link. */
  #macOf(link: Link): Uint8Array | undefined {
    return link.kind === "ethernet"
      ? this.#ports.get(link.interface)?.mac
      : this.#underlay?.vtepMac;
  }

  #writeAll(): void {
    for (const neighbor of this.#neighbors.all()) this.#write(neighbor);
  }

  /** The headers that lead to a neighbor, or that there are none. */
  #write(neighbor: Neighbor): void {
    const link = this.#plan.link(neighbor.link);
    if (!link) return;
    if (link.kind === "segment") this.#wantedVteps = undefined;
    const isKnown =
      link.kind === "ethernet"
        ? this.#templates.ethernet(neighbor, this.#ports.get(link.interface))
        : this.#templates.tunnel(neighbor, link, this.#underlay, this.#underlayPort(), this.#hops);
    if (isKnown) this.#ready.push(neighbor.entry);
  }

  #giveUp(neighbor: Neighbor): void {
    const { entry } = neighbor;
    for (let cell = this.#held.take(entry); cell >= 0; cell = this.#held.take(entry)) {
      if (this.#held.own[cell] === 0) this.#tellUnreachable(neighbor, packetIn(this.#held, cell));
      this.#held.giveUp(cell);
    }
  }

  #tellUnreachable({ link: index, address, vtep }: Neighbor, packet: Uint8Array): void {
    const link = this.#plan.link(index);
    const from = link && ownAddressFor(link, address);
    const mac = link && this.#macOf(link);
    const said = from && hostUnreachable(packet, from);
    if (!link || !mac || !said) return;
    const frame = ethernetFrame(mac, said);
    if (link.kind === "ethernet") {
      const port = this.#ports.get(link.interface);
      if (port) this.#injected.push({ iface: port.iface, frame });
      return;
    }
    const port = this.#underlayPort();
    if (link.kind !== "segment" || !port || !this.#underlay) return;
    const hop = { sourceMac: port.mac, destinationMac: port.mac };
    const own = vtepNumber(this.#underlay.vtep);
    const wrapped = wrap(frame, link.vni, vtep || (link.vteps[0] ?? own), own, hop);
    this.#injected.push({ iface: port.iface, frame: wrapped });
  }
}

/** From the gateway to itself. */
function ethernetFrame(mac: Uint8Array, packet: Uint8Array): Uint8Array {
  const frame = new Uint8Array(14 + packet.length);
  frame.set(mac);
  frame.set(mac, 6);
  new DataView(frame.buffer).setUint16(12, packet[0]! >>> 4 === 6 ? 0x86dd : 0x0800);
  frame.set(packet, 14);
  return frame;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, index) => byte === b[index]);
}
