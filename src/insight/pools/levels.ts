// How full each pool of public endpoints is, for each protocol: what is cheap enough to be asked
// every few seconds. Who has the ports is told by ../pools.ts.

import type { Place } from "../../config/issue.ts";
import type { Names } from "../../gateway/compile.ts";
import type { ExposePool } from "../../gateway/compile-expose.ts";
import type { Gateway } from "../../gateway/gateway.ts";
import type { NatPool, PoolAddress } from "../../nat/nat-pool.ts";
import type { MappingTable } from "../../tables/mapping-table.ts";
import { ICMP, ICMPV6, protocolName, TCP, UDP } from "../../wire/ip-protocol.ts";
import { formatPrefixPorts } from "../../wire/prefix-ports.ts";
import type { Work } from "../work.ts";
import { PoolsByAddress } from "./pools-by-address.ts";
import { Ranked } from "./ranked.ts";

/** One expose, one protocol. Numbers are ports, or identifiers of ICMP. */
export interface PoolLevel {
  /** The same after a new configuration, as long as VPCs and addresses are. */
  readonly id: string;
  readonly vpc: string;
  /** The VPC that sees the public addresses. */
  readonly peer: string;
  readonly peering: string;
  /** The public prefixes, separated by commas. */
  readonly pool: string;
  /** "tcp", "udp", "icmp" or "proto-N". */
  readonly protocol: string;
  /** e.g. "expose 2 of blue", and where it is written. */
  readonly expose: string;
  readonly place: Place | undefined;
  /** Public addresses. */
  readonly addresses: number;
  readonly size: number;
  /** Taken, by whomever: other exposes may draw from the same addresses. */
  readonly taken: number;
  readonly free: number;
  /** Flows refused, since the start, as none was free. */
  readonly refused: number;
  /** Flows, since the start, that got a port of another address than that of their host. */
  readonly elsewhere: number;
  /** Whether a host has a public address of its own, and gets others only while that is full. */
  readonly isPaired: boolean;
  /** Which part of the ports of its fullest public address is taken, 0 to 1. */
  readonly fullestRatio: number;
}

/** Part of a pool: one public address that has been used. */
export interface PoolSet {
  /** Number of its port set. */
  readonly set: number;
  readonly address: PoolAddress;
  /** By whomever, of the ports that it may give. */
  readonly taken: number;
}

export interface FoundPool {
  readonly pool: NatPool;
  readonly protocol: number;
  readonly level: PoolLevel;
  readonly sets: readonly PoolSet[];
  /** Those of which most is taken, fullest first. */
  readonly fullest: readonly PoolSet[];
}

/** What a piece of work may cost: finding the pools of a port set is 1, and each of them. */
const PIECE_COST = 128;

/** In the order of the configuration. */
export function* poolLevels(gateway: Gateway): Work<PoolLevel[]> {
  const found = yield* findPools(gateway, 1);
  return found.map(({ level }) => level);
}

/** `most`: how many of the fullest addresses are told of each pool, 1 or more. */
export function* findPools(gateway: Gateway, most: number): Work<FoundPool[]> {
  const { names, snapshot, flows } = gateway.parts;
  const sets = yield* setsOfPools(names.pools, flows.nat.mappings, most);
  const describe = describer(names, snapshot.vpcVnis);
  const found: FoundPool[] = [];
  for (const each of names.pools) {
    const common = describe(each);
    const { pool } = each;
    const own: SetsByProtocol = sets.get(pool) ?? new Map();
    for (const protocol of protocolsOf(pool, own)) {
      found.push(foundPool(pool, protocol, common, own.get(protocol)));
    }
    yield;
  }
  return found;
}

type Common = Pick<
  PoolLevel,
  "vpc" | "peer" | "peering" | "pool" | "expose" | "place" | "addresses"
>;

function describer(names: Names, vpcVnis: Int32Array): (each: ExposePool) => Common {
  const vpcs = new Map(Array.from(vpcVnis, (vni, index) => [vni, index]));
  const peerings = new Map(
    names.directions.map(({ from, to, peering }) => [`${from} ${to}`, peering]),
  );
  return ({ expose, pool }) => {
    const [vpc = -1, peer = -1] = [vpcs.get(pool.vni), vpcs.get(pool.peerVni)];
    return {
      vpc: names.vpcs[vpc] ?? "",
      peer: names.vpcs[peer] ?? "",
      peering: peerings.get(`${vpc} ${peer}`) ?? "",
      pool: pool.publics.map(formatPrefixPorts).join(","),
      expose: names.exposes[expose]?.label ?? "",
      place: names.exposes[expose]?.place,
      addresses: pool.addressCount,
    };
  };
}

function foundPool(
  pool: NatPool,
  protocol: number,
  common: Common,
  { sets, taken: sum, ranked }: Sets = NO_SETS,
): FoundPool {
  const name = protocolName(protocol);
  const size = pool.size(protocol);
  const taken = Math.min(sum, size);
  const fullest = ranked.items;
  const level: PoolLevel = {
    id: `${common.vpc} > ${common.peer} ${common.pool} ${name}`,
    ...common,
    protocol: name,
    size,
    taken,
    free: size - taken,
    refused: pool.refused(protocol),
    elsewhere: pool.elsewhere(protocol),
    isPaired: pool.isPaired,
    fullestRatio: fullest[0] === undefined ? 0 : ratioOf(fullest[0]),
  };
  return { pool, protocol, level, sets, fullest };
}

/** Of one pool and protocol. */
interface Sets {
  readonly sets: PoolSet[];
  /** Ports of all of them, also those that they may not give. */
  taken: number;
  readonly ranked: Ranked<PoolSet>;
}
type SetsByProtocol = Map<number, Sets>;

const NO_SETS: Sets = { sets: [], taken: 0, ranked: new Ranked(0) };

function ratioOf({ taken, address }: PoolSet): number {
  return taken / Math.max(1, address.size);
}

function* setsOfPools(
  pools: readonly { readonly pool: NatPool }[],
  mappings: MappingTable,
  most: number,
): Work<Map<NatPool, SetsByProtocol>> {
  const result = new Map<NatPool, SetsByProtocol>();
  const byAddress = new PoolsByAddress();
  yield* byAddress.add(pools.map(({ pool }) => pool));
  let cost = 0;
  for (let set = 0; set < mappings.setCount; set++) {
    if (++cost > PIECE_COST) {
      yield;
      cost = 0;
    }
    const { realm, protocol, free, address: bytes } = mappings.ports(set);
    for (const pool of byAddress.of(realm, bytes)) {
      if (++cost > PIECE_COST) {
        yield;
        cost = 0;
      }
      const address = pool.addressOf(set, protocol);
      if (address === undefined) continue;
      const protocols = result.get(pool) ?? new Map<number, Sets>();
      result.set(pool, protocols);
      const known = protocols.get(protocol) ?? {
        sets: [],
        taken: 0,
        ranked: new Ranked<PoolSet>(most),
      };
      protocols.set(protocol, known);
      const one = { set, address, taken: Math.min(free.taken, address.size) };
      known.sets.push(one);
      known.taken += free.taken;
      known.ranked.enter(ratioOf(one), one);
    }
  }
  return result;
}

/** Those that every pool has, and what else was met. */
function protocolsOf(pool: NatPool, sets: SetsByProtocol): number[] {
  const query = pool.publics[0]?.prefix.family === 6 ? ICMPV6 : ICMP;
  const usual = [TCP, UDP, query];
  return [...new Set([...usual, ...sets.keys()])].sort((a, b) => a - b);
}
