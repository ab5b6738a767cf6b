// From a validated configuration to the tables of the data path: all of them new, none shared with
// the running ones.

import { assert } from "../base/assert.ts";
import type { Config, Manifest, Peering } from "../config/model.ts";
import type { RouteEntry, Ways } from "../links/plan.ts";
import { type AdjacencyInit, buildAdjacencyTable } from "../tables/adjacency-table.ts";
import { EMPTY_ROOT, TrieBuilder, type TrieEntry } from "../tables/prefix-table.ts";
import { buildReshapeTable } from "../tables/reshape-table.ts";
import { OPTIONAL, RuleBuilder } from "../tables/rule-table.ts";
import { OWN, ROUTE_WORDS, ROUTED, SHARED, type Snapshot } from "../tables/snapshot.ts";
import { buildVniTable } from "../tables/vni-table.ts";
import { AclCompiler, type AclLists } from "./compile-acl.ts";
import { compileAnswers } from "./compile-answers.ts";
import {
  ExposeCompiler,
  type ExposeDependencies,
  type ExposeHalves,
  type ExposePool,
  type Half,
} from "./compile-expose.ts";
import { compileShortcuts } from "./compile-shortcuts.ts";
import type { Decision } from "./outcome.ts";

/** The snapshot's numbers, for people. */
export interface Names {
  readonly vpcs: readonly string[];
  readonly directions: readonly Direction[];
  readonly exposes: readonly Decision[];
  readonly aclRules: readonly Decision[];
  /** By ACL list index: the ACL's own place, for its default. */
  readonly acls: readonly Decision[];
  readonly pools: readonly ExposePool[];
}

/** Before the first configuration. */
export const NO_NAMES: Names = {
  vpcs: [],
  directions: [],
  exposes: [],
  aclRules: [],
  acls: [],
  pools: [],
};

/** One way across one peering. */
export interface Direction {
  readonly peering: string;
  /** VPC indexes. */
  readonly from: number;
  readonly to: number;
}

export interface Compiled {
  /** `generation` and `interfaceVpcs` are the gateway's to fill in. */
  readonly snapshot: Omit<Snapshot, "generation" | "interfaceVpcs">;
  readonly names: Names;
}

export interface CompileDependencies extends ExposeDependencies {
  /** Where packets to a VPC go; undefined: out the way they came. */
  readonly adjacency?: ((vpc: string) => AdjacencyInit | undefined) | undefined;
  /** Where packets go in a gateway with links of its own; instead of `adjacency`. */
  readonly ways?: Ways | undefined;
  /** One that has served before saves time. */
  readonly tries?: TrieBuilder;
}

/** Roots or entries for IPv4 and IPv6, in this order. */
type PerFamily<T> = readonly [T, T];

export function compile(config: Config, dependencies: CompileDependencies): Compiled {
  const pieces = compileInPieces(config, dependencies);
  for (;;) {
    const { done, value } = pieces.next();
    if (done) return value;
  }
}

/** The same a peering or a VPC at a time, for a gateway that must not stand still meanwhile. */
export function compileInPieces(
  config: Config,
  dependencies: CompileDependencies,
): Generator<undefined, Compiled, undefined> {
  return new Compiler(config, dependencies).run();
}

/** Flows of stateless exposes whose ACL speaks of flows: the ordinary timers. */
const FOLLOWED = OPTIONAL | 1;

class Compiler {
  readonly #config: Config;
  readonly #dependencies: CompileDependencies;
  readonly #rules = new RuleBuilder();
  readonly #tries: TrieBuilder;
  readonly #directions: Direction[] = [];
  readonly #directionRoots: number[] = [];
  readonly #directionAcls: number[] = [];
  readonly #flowHostRoots: number[] = [];
  /** VPC index * 2 + family. */
  readonly #tracked = new Set<number>();
  readonly #exposes: ExposeCompiler;
  readonly #acls = new AclCompiler();
  readonly #vpcs = new Map<string, number>();
  /** By VPC index: what its packets may be addressed to. */
  readonly #destinations: PerFamily<TrieEntry[]>[] = [];

  constructor(config: Config, dependencies: CompileDependencies) {
    this.#config = config;
    this.#dependencies = dependencies;
    this.#tries = dependencies.tries ?? new TrieBuilder();
    this.#exposes = new ExposeCompiler(dependencies);
    for (const [index, vpc] of config.vpcs.entries()) {
      this.#vpcs.set(vpc.name, index);
      this.#destinations.push([[], []]);
    }
  }

  *run(): Generator<undefined, Compiled, undefined> {
    for (const peering of this.#config.peerings) {
      this.#peering(peering);
      yield;
    }
    const roots = new Int32Array(this.#destinations.length * 2);
    for (const [vpc, [v4, v6]] of this.#destinations.entries()) {
      roots[vpc * 2] = this.#tries.add(v4);
      roots[vpc * 2 + 1] = this.#tries.add(v6);
      yield;
    }
    const { vpcs } = this.#config;
    const answers = compileAnswers(this.#config);
    const adjacencies = this.#adjacencies();
    const routes = this.#routes();
    const acls = this.#acls.finish();
    const directions = { directions: this.#directions, directionAcls: this.#directionAcls };
    return {
      snapshot: {
        vnis: buildVniTable(vpcs.map((vpc) => vpc.vni)),
        cells: this.#tries.finish(),
        destinationRoots: roots,
        rules: this.#rules.finish(),
        reshapes: buildReshapeTable(this.#exposes.reshapes),
        ...acls,
        ...answers,
        vpcVnis: Int32Array.from(vpcs, (vpc) => vpc.vni),
        vpcFlowLimits: Int32Array.from(vpcs, (vpc) => vpc.flows ?? 0),
        ...adjacencies,
        ...routes,
        shortcuts: compileShortcuts({ ...directions, ...answers, ...adjacencies, ...acls }),
        directionVpcs: Int32Array.from(this.#directions, ({ to }) => to),
        directionAcls: Int32Array.from(this.#directionAcls),
        directionRoots: Int32Array.from(this.#directionRoots),
        flowHostRoots: Int32Array.from(this.#flowHostRoots),
        tracked: Uint8Array.from({ length: vpcs.length * 2 }, (_, i) => +this.#tracked.has(i)),
        flowless: this.#tracked.size === 0,
        binders: this.#exposes.binders,
      },
      names: {
        vpcs: vpcs.map((vpc) => vpc.name),
        directions: this.#directions,
        exposes: this.#exposes.names,
        aclRules: this.#acls.ruleNames,
        acls: this.#acls.listNames,
        pools: this.#exposes.pools,
      },
    };
  }

  #peering(peering: Peering): void {
    const [left, right] = peering.sides;
    const halvesOf = (side: Manifest, peer: Manifest) => {
      const vnis = [this.#vni(side.vpc), this.#vni(peer.vpc)] as const;
      return side.exposes.map((expose) => this.#exposes.compile(expose, side, vnis));
    };
    const leftHalves = halvesOf(left, right);
    const rightHalves = halvesOf(right, left);
    const lists = this.#acls.add(peering);
    const sources = (all: typeof leftHalves) => all.flatMap((halves) => halves.source);
    const destinations = (all: typeof leftHalves) => all.flatMap((halves) => halves.destination);
    this.#direction(peering, left, right, sources(leftHalves), destinations(rightHalves), lists);
    this.#flowHosts(leftHalves);
    this.#direction(peering, right, left, sources(rightHalves), destinations(leftHalves), lists);
    this.#flowHosts(rightHalves);
    this.#hairpin(peering, left, leftHalves);
    this.#hairpin(peering, right, rightHalves);
  }

  /** A side may face itself: hosts of a VPC that use its public addresses. The peering's ACL is
   * not about them. Directions come in pairs, so the way back is one more, to the same VPC. */
  #hairpin(peering: Peering, side: Manifest, halves: readonly ExposeHalves[]): void {
    if (!side.hairpin) return;
    const translated = halves.filter((_, index) => side.exposes[index]?.kind === "nat");
    const source = translated.flatMap((each) => each.source);
    const destination = translated.flatMap((each) => each.destination);
    this.#direction(peering, side, side, source, destination, undefined);
    this.#flowHosts(halves);
    this.#direction(peering, side, side, source, [], undefined);
    this.#flowHosts(halves);
  }

  /** Who sends in the direction just made, and may be known to a flow alone. */
  #flowHosts(halves: readonly ExposeHalves[]): void {
    const hosts = halves.flatMap(({ flowHosts }) => flowHosts);
    for (const family of [4, 6]) {
      const mine = hosts.filter((prefix) => prefix.family === family);
      this.#flowHostRoots.push(this.#tries.add(mine.map((prefix) => ({ prefix, value: () => 1 }))));
    }
  }

  /** Packets from one side to the other: the sender's source halves, the receiver's destination
   * halves. */
  #direction(
    peering: Peering,
    from: Manifest,
    to: Manifest,
    sources: readonly Half[],
    destinations: readonly Half[],
    lists: AclLists | undefined,
  ): void {
    const fromVpc = this.#vpc(from.vpc);
    const toVpc = this.#vpc(to.vpc);
    const direction = this.#directions.length;
    this.#directions.push({ peering: peering.name, from: fromVpc, to: toVpc });
    const follows =
      lists !== undefined && peering.acl?.rules.some(({ scope }) => scope === "flow") === true;
    const tracked = (half: Half) =>
      follows && half.track === 0 ? { ...half, track: FOLLOWED } : half;
    this.#directionRoots.push(0, 0);
    this.#directionAcls.push(lists?.get(from.vpc) ?? -1);
    for (const half of [...sources, ...destinations]) {
      if (half.track === 0 && !follows) continue;
      const family = half.family === 4 ? 0 : 1;
      this.#tracked.add(fromVpc * 2 + family).add(toVpc * 2 + family);
    }
    const common = { direction, toVpc, acl: lists?.get(from.vpc) ?? -1 };
    const [v4, v6] = this.#entries(sources.map(tracked), () => ({
      ...common,
      sourceRoot: EMPTY_ROOT,
    }));
    const roots = [this.#tries.add(v4), this.#tries.add(v6)] as const;
    this.#directionRoots.splice(direction * 2, 2, ...roots);
    const [to4, to6] = this.#entries(destinations.map(tracked), (half) => ({
      ...common,
      sourceRoot: roots[half.family === 4 ? 0 : 1],
    }));
    const all = this.#destinations[fromVpc]!;
    all[0].push(...to4);
    all[1].push(...to6);
  }

  #entries(
    halves: readonly Half[],
    rest: (half: Half) => { direction: number; toVpc: number; acl: number; sourceRoot: number },
  ): PerFamily<TrieEntry[]> {
    const result: PerFamily<TrieEntry[]> = [[], []];
    for (const half of halves) {
      const init = { ...half, ...rest(half) };
      const entries = result[half.family === 4 ? 0 : 1];
      for (const prefix of half.prefixes) {
        entries.push({
          prefix,
          value: (covered) => this.#rules.add({ ...init, next: covered }),
        });
      }
    }
    return result;
  }

  #adjacencies(): Pick<Snapshot, "vpcAdjacencies" | "adjacencies"> {
    const inits: AdjacencyInit[] = [];
    const routed = this.#dependencies.ways !== undefined;
    const vpcAdjacencies = Int32Array.from(this.#config.vpcs, (vpc) => {
      if (routed) return ROUTED;
      const init = this.#dependencies.adjacency?.(vpc.name);
      return init === undefined ? 0 : inits.push(init);
    });
    return { vpcAdjacencies, adjacencies: buildAdjacencyTable(inits) };
  }

  #routes(): Pick<Snapshot, "routeRoots" | "ownRoots" | "routes"> {
    const { ways } = this.#dependencies;
    const words: number[] = new Array(ROUTE_WORDS).fill(0);
    const add = ({ link, neighbor }: RouteEntry) =>
      link < 0 ? 0 : words.push(link, neighbor) / ROUTE_WORDS - 1;
    const roots = (entriesOf: (vpc: string) => readonly TrieEntry[]) =>
      Int32Array.from(
        this.#config.vpcs.flatMap(({ name }) => {
          const [v4, v6] = perFamily(entriesOf(name));
          return [this.#tries.add(v4), this.#tries.add(v6)];
        }),
      );
    const routeRoots = roots((vpc) =>
      (ways?.routes.get(vpc) ?? []).map((route) => {
        return { prefix: route.prefix, value: () => add(route) };
      }),
    );
    const ownRoots = roots((vpc) =>
      (ways?.own.get(vpc) ?? []).flatMap(({ prefix, exposes }) => {
        if (exposes.some((expose) => this.#exposes.takesPings(expose, prefix))) return [];
        return { prefix, value: () => (exposes.length === 0 ? OWN : SHARED) };
      }),
    );
    return { routeRoots, ownRoots, routes: Int32Array.from(words) };
  }

  #vni(name: string): number {
    return this.#config.vpcs[this.#vpc(name)]!.vni;
  }

  #vpc(name: string): number {
    const index = this.#vpcs.get(name);
    assert(index !== undefined, `a checked peering names only VPCs that exist: ${name}`);
    return index;
  }
}

function perFamily(entries: readonly TrieEntry[]): PerFamily<TrieEntry[]> {
  return [
    entries.filter(({ prefix }) => prefix.family === 4),
    entries.filter(({ prefix }) => prefix.family === 6),
  ];
}
