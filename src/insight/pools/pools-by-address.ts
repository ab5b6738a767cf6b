// Which pools a public address is of. There may be a thousand pools and ten thousand addresses: no
// pool can be asked about each.

import type { NatPool } from "../../nat/nat-pool.ts";
import { bits, readIpAddress } from "../../wire/ip-address.ts";
import type { Work } from "../work.ts";

/** By length of prefixes: their pools, by network. */
type Lengths = Map<number, Map<bigint, NatPool[]>>;

const PREFIXES_AT_ONCE = 128;

export class PoolsByAddress {
  /** By VPC that sees them, and family. */
  readonly #realms = new Map<string, Lengths>();

  /** To be done once for all. */
  *add(pools: readonly NatPool[]): Work<void> {
    let added = 0;
    for (const pool of pools) {
      for (const { prefix } of pool.publics) {
        if (added++ % PREFIXES_AT_ONCE === PREFIXES_AT_ONCE - 1) yield;
        const realm = `${pool.peerVni} ${prefix.family}`;
        const lengths: Lengths = this.#realms.get(realm) ?? new Map();
        this.#realms.set(realm, lengths);
        const networks = lengths.get(prefix.length) ?? new Map<bigint, NatPool[]>();
        lengths.set(prefix.length, networks);
        const known = networks.get(prefix.network);
        if (known === undefined) networks.set(prefix.network, [pool]);
        else if (known.at(-1) !== pool) known.push(pool);
      }
    }
  }

  /** Those whose addresses the VPC sees that have this one, each once; `bytes` in network order. */
  of(peerVni: number, bytes: Uint8Array): Iterable<NatPool> {
    const { family, value } = readIpAddress(bytes, 0, bytes.length === 4 ? 4 : 6);
    const found = new Set<NatPool>();
    for (const [length, networks] of this.#realms.get(`${peerVni} ${family}`) ?? []) {
      const host = BigInt(bits(family) - length);
      for (const pool of networks.get((value >> host) << host) ?? []) found.add(pool);
    }
    return found;
  }
}
