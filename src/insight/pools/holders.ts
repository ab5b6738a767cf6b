// Which private hosts hold how many ports of which pool and public address. There may be as many
// hosts as ports, and packets wait while we count: so a table made at once, as large as it will be,
// and no Map that grows.
//
// A port is counted once, for the group that is asked about most closely: a public address, or the
// pool. What was counted for an address is added to its pool when the address has been ranked, in
// the same entry where that is the pool's first: so both need no more room than one.

import { plainMemory } from "../../base/arena.ts";
import type { HashKey } from "../../tables/key-hash.ts";
import { KeyedSlab } from "../../tables/keyed-slab.ts";
import { formatIpAddress } from "../../wire/ip-address.ts";
import type { Work } from "../work.ts";
import { Ranked } from "./ranked.ts";

const HOSTS_AT_ONCE = 1024;
/** The same where each may be moved. */
const MOVES_AT_ONCE = 192;
// Key: the number of the group, the address (IPv4 in one word).
const KEY_WORDS = 5;
const COUNT = 5;
const WORDS = 6;

export interface Holder {
  /** The private address. */
  readonly address: string;
  readonly ports: number;
}

/** Hosts that are ranked together. */
export interface Group {
  /** Hosts told of it. */
  readonly most: number;
  /** Number of the group that it is part of, -1 for none. */
  readonly whole: number;
  /** The family of its hosts. */
  readonly isV6: boolean;
}

interface Held {
  readonly host: number;
  readonly ports: number;
}

export class Holders {
  readonly #slab: KeyedSlab;
  readonly #key = new Int32Array(KEY_WORDS);
  #used = 0;

  /** Hosts beyond `capacity` are left out. */
  constructor(capacity: number, hashKey: HashKey) {
    this.#slab = new KeyedSlab({
      capacity,
      entryWords: WORDS,
      keyWords: KEY_WORDS,
      memory: plainMemory,
      hashKey,
    });
  }

  /** One port more for the host, whose address is the first `count` of the words. */
  add(group: number, words: Int32Array, count: number): void {
    const key = this.#key.fill(0);
    key[0] = group;
    for (let i = 0; i < count; i++) key[1 + i] = words[i]!;
    const slab = this.#slab;
    const tag = slab.hash(key, 0);
    const known = slab.find(key, 0, tag);
    if (known >= 0) {
      slab.words[known * WORDS + COUNT]!++;
      return;
    }
    if (this.#used === slab.capacity) return;
    const host = this.#used++;
    slab.words.set(key, host * WORDS);
    slab.words[host * WORDS + COUNT] = 1;
    slab.link(host, tag);
  }

  /** Ranks the hosts of each group, by its number. To be done once, when all are added. */
  *rank(groups: readonly Group[]): Work<HolderRanks> {
    const ranks = new Map<number, Ranked<Held>>();
    const { words } = this.#slab;
    for (let host = 0; host < this.#used; host++) {
      if (host % MOVES_AT_ONCE === MOVES_AT_ONCE - 1) yield;
      const group = words[host * WORDS]!;
      const { whole } = groups[group]!;
      if (whole < 0) continue;
      this.#enter(ranks, groups, host);
      this.#move(host, whole);
    }
    for (let host = 0; host < this.#used; host++) {
      if (host % HOSTS_AT_ONCE === HOSTS_AT_ONCE - 1) yield;
      if (words[host * WORDS + COUNT]! > 0) this.#enter(ranks, groups, host);
    }
    return { of: (group) => this.#told(ranks.get(group)?.items ?? [], groups[group]!.isV6) };
  }

  #enter(ranks: Map<number, Ranked<Held>>, groups: readonly Group[], host: number): void {
    const { words } = this.#slab;
    const group = words[host * WORDS]!;
    let ranked = ranks.get(group);
    if (ranked === undefined) {
      ranked = new Ranked(groups[group]!.most);
      ranks.set(group, ranked);
    }
    const ports = words[host * WORDS + COUNT]!;
    ranked.enter(ports, { host, ports });
  }

  /** Counts what the host has for another group. */
  #move(host: number, group: number): void {
    const slab = this.#slab;
    const { words } = slab;
    const at = host * WORDS;
    slab.unlink(host);
    words[at] = group;
    const tag = slab.tagOf(host);
    const known = slab.find(words, at, tag);
    if (known < 0) {
      slab.link(host, tag);
      return;
    }
    words[known * WORDS + COUNT] = words[known * WORDS + COUNT]! + words[at + COUNT]!;
    words[at + COUNT] = 0;
  }

  #told(held: readonly Held[], isV6: boolean): Holder[] {
    return held.map(({ host, ports }) => ({ address: this.#address(host, isV6), ports }));
  }

  #address(host: number, v6: boolean): string {
    const { words } = this.#slab;
    let value = 0n;
    for (let i = 0; i < (v6 ? 4 : 1); i++) {
      value = (value << 32n) | BigInt(words[host * WORDS + 1 + i]! >>> 0);
    }
    return formatIpAddress({ family: v6 ? 6 : 4, value });
  }
}

export interface HolderRanks {
  /** Those of the group that hold most, most first. */
  of(group: number): readonly Holder[];
}
