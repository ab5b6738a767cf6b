// Configurations by chance: VPCs with the same private addresses, any modes on any side, facing any.

import type { Random } from "../../src/base/random.ts";
import { type Address, addressOf } from "./address.ts";
import {
  type ConfigModel,
  type ExposeModel,
  type MasqueradeModel,
  type PeeringModel,
  type Range,
  type SideModel,
  TCP,
  UDP,
  type VpcModel,
} from "./model.ts";

const SECOND = 1000;

function oneIn(random: Random, chance: number): boolean {
  return random.below(chance) === 0;
}

function pick<T>(random: Random, values: readonly T[]): T {
  return values[random.below(values.length)]!;
}

function range(text: string, count: number, ports?: readonly [number, number]): Range {
  return { first: addressOf(text), count, ports };
}

/** What stays the same whatever is configured. */
export function generateVpcs(random: Random): VpcModel[] {
  const names = ["amber", "blue", "coral", "dune"].slice(0, 2 + random.below(3));
  return names.map((name, index) => {
    const addresses: Address[] = [];
    if (!oneIn(random, 3)) addresses.push(addressOf(`10.9.${index}.254`));
    if (!oneIn(random, 3)) addresses.push(addressOf(`2001:db8:9:${index}::fe`));
    const mtu = pick(random, [65_535, 65_535, 1500, 200]);
    return { name, vni: 100 * (index + 1), mtu, addresses };
  });
}

export function generateConfig(random: Random, vpcs: readonly VpcModel[]): ConfigModel {
  const pairs = vpcs.flatMap((_, a) => vpcs.flatMap((_, b) => (a < b ? [[a, b] as const] : [])));
  const chosen = pairs.filter(([, b], index) => index === 0 || !oneIn(random, 4) || b === 0);
  const common = oneIn(random, 4);
  const peerings = chosen.map(([left, right]): PeeringModel => {
    const number = left * 4 + right;
    const sides = [left, right].map((vpc, side) => generateSide(random, vpc, number, side, common));
    return { sides: [sides[0]!, sides[1]!] };
  });
  const rest = pick(random, [120, 120, 5]) * SECOND;
  const short = oneIn(random, 3);
  return {
    vpcs,
    peerings,
    times: {
      opening: (short ? 10 : 240) * SECOND,
      established: (short ? 300 : 7440) * SECOND,
      closing: (short ? 7 : 240) * SECOND,
      unanswered: (short ? 5 : 120) * SECOND,
      udp: (short ? 20 : 300) * SECOND,
      query: (short ? 3 : 60) * SECOND,
      rest,
    },
    answersPerSecond: pick(random, [5, 100, 100_000]),
    prohibited: oneIn(random, 2),
  };
}

/** One side of a peering. Its own public addresses are told from all others by its number. */
function generateSide(
  random: Random,
  vpc: number,
  peering: number,
  side: number,
  common: boolean,
): SideModel {
  const number = 20 + 2 * peering + side;
  const v4 = generateFamily(random, vpc, number, common, false);
  const v6 = generateFamily(random, vpc, number, false, true);
  return { vpc, exposes: [...v4, ...v6], hairpin: oneIn(random, 6) };
}

function generateFamily(
  random: Random,
  vpc: number,
  number: number,
  common: boolean,
  v6: boolean,
): ExposeModel[] {
  const inside = (net: number, host: number) =>
    v6 ? `2001:db8:0:${net}::${host}` : `10.0.${net}.${host}`;
  const outside = (net: number, host: number) =>
    v6 ? `2001:db8:${number}:${net}::${host}` : `${number}.${net}.0.${host}`;
  const exposes: ExposeModel[] = [];
  const pool = common ? "198.18.0.0" : outside(0, 0);
  const masquerades = !oneIn(random, 3);
  if (masquerades) {
    exposes.push({
      kind: "masquerade",
      privates: [range(inside(0, 0), 8)],
      publics: [range(pool, pick(random, [1, 1, 2, 4]))],
      masquerade: generateOptions(random),
      idle: oneIn(random, 4) ? pick(random, [2, 45, 900]) * SECOND : undefined,
    });
  }
  for (const protocol of [TCP, UDP]) {
    if (!oneIn(random, 2)) continue;
    exposes.push({
      kind: "port-forward",
      privates: [range(inside(0, 2), 1, [80, 83])],
      publics: [range(common || oneIn(random, 3) ? outside(5, 1) : pool, 1, [2000, 2003])],
      protocol,
      idle: oneIn(random, 4) ? 30 * SECOND : undefined,
    });
  }
  if (!oneIn(random, 3)) exposes.push(generateStatic(random, inside, outside));
  if (oneIn(random, 2)) {
    const turned = oneIn(random, 2);
    exposes.push({
      kind: "static",
      privates: [range(inside(2, 0), 2, [3000, 3007])],
      publics: turned
        ? [range(outside(2, 0), 1, [5000, 5015])]
        : [range(outside(2, 0), 4, [5000, 5003])],
    });
  }
  if (oneIn(random, 2) || exposes.length === 0) {
    const own = v6 ? `2001:db8:${100 + vpc}:${number}::` : `10.${100 + vpc}.${number}.0`;
    const privates = [range(own, 8)];
    exposes.push({ kind: "plain", privates, publics: privates });
  }
  return exposes;
}

function generateStatic(
  random: Random,
  inside: (net: number, host: number) => string,
  outside: (net: number, host: number) => string,
): ExposeModel {
  const apart = [range(outside(1, 0), 4), range(outside(1, 8), 4)];
  const publics = oneIn(random, 2) ? apart : [range(outside(1, 0), 8)];
  return { kind: "static", privates: [range(inside(1, 0), 8)], publics };
}

function generateOptions(random: Random): MasqueradeModel {
  const shares = oneIn(random, 3);
  return {
    ports: pick(random, [
      [1024, 65_535],
      [2000, 2011],
      [2000, 2063],
      [3000, 3015],
    ] as const),
    portPreservation: oneIn(random, 3),
    portParity: oneIn(random, 4),
    shares,
    open: !shares && oneIn(random, 2),
    sequential: oneIn(random, 4),
    flowsPerHost: oneIn(random, 4) ? pick(random, [3, 12]) : undefined,
  };
}
