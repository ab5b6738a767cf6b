// One expose as rules: what its hosts' packets get as senders (the source half), and what packets
// to it get (the destination half). The two halves never meet; that is why any mode can face any
// other.

import { assert } from "../base/assert.ts";
import type { Expose, Manifest, NatExpose } from "../config/model.ts";
import { EXPOSABLE } from "../config/reserved-prefixes.ts";
import type { MappingRule } from "../nat/mapping.ts";
import type { BuildContext, Claim, NatMode, NatState } from "../nat/nat-mode.ts";
import type { NatPool } from "../nat/nat-pool.ts";
import type { Binder } from "../tables/flow-draft.ts";
import { ticks } from "../tables/flow-timers.ts";
import type { ReshapeInit } from "../tables/reshape-table.ts";
import { ANSWERS_ONLY, BIND, IDENTITY, RECEIVE, RESHAPE, SHIFT } from "../tables/rule-table.ts";
import { bits, type Family } from "../wire/ip-address.ts";
import { ICMP } from "../wire/ip-protocol.ts";
import { type Prefix, prefixesOfRange, prefixesOverlap } from "../wire/prefix.ts";
import type { PrefixPorts } from "../wire/prefix-ports.ts";
import type { Decision } from "./outcome.ts";

/** A rule of one expose before it is put into tries: see rule-table.ts for the words. */
export interface Half {
  readonly family: Family;
  readonly prefixes: readonly Prefix[];
  readonly firstPort: number;
  readonly lastPort: number;
  readonly protocol: number;
  readonly kind: number;
  readonly delta: readonly number[];
  readonly expose: number;
  readonly track: number;
  readonly idle: number;
}

export interface ExposeHalves {
  readonly source: readonly Half[];
  readonly destination: readonly Half[];
  /** Private addresses that flows may be with. */
  readonly flowHosts: readonly Prefix[];
}

export interface ExposeDependencies {
  readonly modes: readonly NatMode[];
  readonly nat: NatState;
  /** The number of the timers that flows of a mode have. */
  readonly timersOf: (mode: string) => number;
}

/** Where an expose (by its number) takes public endpoints from. */
export interface ExposePool {
  readonly expose: number;
  readonly pool: NatPool;
}

const NO_DELTA: readonly number[] = [];
export class ExposeCompiler {
  readonly names: Decision[] = [];
  readonly reshapes: ReshapeInit[] = [];
  readonly binders: Binder[] = [];
  readonly pools: ExposePool[] = [];
  readonly #binderIndexes = new Map<Binder, number>();
  readonly #modes: ReadonlyMap<string, NatMode>;
  readonly #dependencies: ExposeDependencies;

  constructor(dependencies: ExposeDependencies) {
    this.#dependencies = dependencies;
    this.#modes = new Map(dependencies.modes.map((mode) => [mode.name, mode]));
  }

  /** `vnis` are those of the expose's VPC and of its peer. */
  compile(expose: Expose, side: Manifest, vnis: readonly [number, number]): ExposeHalves {
    const id = this.names.length;
    this.names.push({ label: `expose ${expose.index} of ${side.vpc}`, place: expose.place });
    if (expose.kind === "nat") return this.#nat(expose, id, this.#context(expose, side, vnis));
    const entries = expose.kind === "default" ? EXPOSABLE : expose.privates;
    const halves = entries.map((entry) => half(entry, IDENTITY, id, -1));
    return { source: halves, destination: halves, flowHosts: [] };
  }

  /** Whether a host behind the expose may be the one to answer pings to the address. */
  takesPings(expose: Expose, address: Prefix): boolean {
    if (expose.kind !== "nat") return true;
    const { mode, protocol = ICMP, publics } = expose;
    if (!this.#modes.get(mode)?.canReceive || protocol !== ICMP) return false;
    return publics.some(({ prefix, ports }) => !ports && prefixesOverlap(prefix, address));
  }

  #nat(expose: NatExpose, id: number, context: BuildContext): ExposeHalves {
    const mode = this.#modes.get(expose.mode);
    assert(mode !== undefined, `a checked expose names a mode that exists: ${expose.mode}`);
    const protocol = expose.protocol ?? -1;
    const { toPublic, toPrivate, idle, pool } = mode.build(expose, context);
    if (pool !== undefined) this.pools.push({ expose: id, pool });
    const tracking = {
      track: idle === undefined ? 0 : 1 + this.#dependencies.timersOf(mode.name),
      idle: typeof idle === "number" ? ticks(idle) : -1,
    };
    return {
      source: toPublic.map((rule) => ({ ...this.#mapped(rule, id, protocol), ...tracking })),
      destination: toPrivate.map((rule) => ({ ...this.#mapped(rule, id, protocol), ...tracking })),
      flowHosts: idle === undefined ? [] : expose.privates.map(({ prefix }) => prefix),
    };
  }

  #context(expose: NatExpose, side: Manifest, [vni, peerVni]: readonly [number, number]) {
    const claims = () =>
      side.exposes.flatMap((other): Claim[] => {
        if (other === expose || other.kind !== "nat") return [];
        if (!this.#modes.get(other.mode)?.canReceive) return [];
        return [{ protocol: other.protocol, publics: other.publics }];
      });
    return { state: this.#dependencies.nat, vni, peerVni, claims };
  }

  #mapped(rule: MappingRule, expose: number, protocol: number): Half {
    return {
      family: rule.family,
      prefixes: prefixesOfRange(rule.family, rule.first, rule.last),
      firstPort: rule.ports?.first ?? -1,
      lastPort: rule.ports?.last ?? -1,
      protocol,
      ...this.#action(rule),
      expose,
      track: 0,
      idle: -1,
    };
  }

  #action(rule: MappingRule): { kind: number; delta: readonly number[] } {
    const { mapping } = rule;
    if (mapping.kind === "answers-only") return { kind: ANSWERS_ONLY, delta: NO_DELTA };
    if (mapping.kind === "bind" || mapping.kind === "receive") {
      const kind = mapping.kind === "bind" ? BIND : RECEIVE;
      return { kind, delta: [this.#indexOf(mapping.binder)] };
    }
    if (mapping.kind === "reshape") {
      return { kind: RESHAPE, delta: [this.reshapes.push(mapping) - 1] };
    }
    if (mapping.delta === 0n) return { kind: IDENTITY, delta: NO_DELTA };
    return { kind: SHIFT, delta: deltaWords(mapping.delta, rule.family) };
  }

  #indexOf(binder: Binder): number {
    const known = this.#binderIndexes.get(binder);
    if (known !== undefined) return known;
    const index = this.binders.push(binder) - 1;
    this.#binderIndexes.set(binder, index);
    return index;
  }
}

function half(entry: PrefixPorts, kind: number, expose: number, protocol: number): Half {
  return {
    family: entry.prefix.family,
    prefixes: [entry.prefix],
    firstPort: entry.ports?.first ?? -1,
    lastPort: entry.ports?.last ?? -1,
    protocol,
    kind,
    delta: NO_DELTA,
    expose,
    track: 0,
    idle: -1,
  };
}

/** The distance as 32-bit words, highest first. */
function deltaWords(delta: bigint, family: Family): number[] {
  const words: number[] = [];
  for (let shift = bits(family) - 32; shift >= 0; shift -= 32) {
    words.push(Number(BigInt.asIntN(32, delta >> BigInt(shift))));
  }
  return words;
}
