// Which private hosts hold how many ports of which pool. There may be as many hosts as ports, and
// packets wait while we count: so a table made at once, as large as it will be, and no Map that
// grows.

import { plainMemory } from "../../base/arena.ts";
import type { HashKey } from "../../tables/key-hash.ts";
import { KeyedSlab } from "../../tables/keyed-slab.ts";
import { formatIpAddress } from "../../wire/ip-address.ts";
import type { Work } from "../work.ts";

/** Hosts told of each pool. */
const TOP = 10;
const HOSTS_AT_ONCE = 1024;
// Key: the number of the pool, the address (IPv4 in one word).
const KEY_WORDS = 5;
const COUNT = 5;
const WORDS = 6;

export interface Holder {
  /** The private address. */
  readonly address: string;
  readonly ports: number;
}

interface Ranked {
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
  add(pool: number, words: Int32Array, count: number): void {
    const key = this.#key.fill(0);
    key[0] = pool;
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

  /** By pool: those that hold most, most first. `isV6` tells the family of a pool's hosts. */
  *top(isV6: (pool: number) => boolean): Work<ReadonlyMap<number, readonly Holder[]>> {
    const best = new Map<number, Ranked[]>();
    const { words } = this.#slab;
    for (let host = 0; host < this.#used; host++) {
      if (host % HOSTS_AT_ONCE === HOSTS_AT_ONCE - 1) yield;
      const pool = words[host * WORDS]!;
      const ranked = best.get(pool) ?? [];
      if (ranked.length === 0) best.set(pool, ranked);
      enter(ranked, { host, ports: words[host * WORDS + COUNT]! });
    }
    return new Map(
      [...best].map(([pool, ranked]) => [
        pool,
        ranked.map(({ host, ports }) => ({ address: this.#address(host, isV6(pool)), ports })),
      ]),
    );
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

/** Keeps the first TOP. */
function enter(ranked: Ranked[], one: Ranked): void {
  if (ranked.length === TOP && one.ports <= ranked[TOP - 1]!.ports) return;
  let at = ranked.length;
  while (at > 0 && ranked[at - 1]!.ports < one.ports) at--;
  ranked.splice(at, 0, one);
  if (ranked.length > TOP) ranked.pop();
}
