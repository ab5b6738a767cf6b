// One expose as rules: what its hosts' packets get as senders (the source half), and what packets
// to it get (the destination half). The two halves never meet; that is why any mode can face any
// other.

import { assert } from "../base/assert.ts";
import type { Expose, NatExpose } from "../config/model.ts";
import { EXPOSABLE } from "../config/reserved-prefixes.ts";
import type { MappingRule } from "../nat/mapping.ts";
import type { NatMode } from "../nat/nat-mode.ts";
import type { ReshapeInit } from "../tables/reshape-table.ts";
import { ANSWERS_ONLY, IDENTITY, RESHAPE, SHIFT, STATEFUL } from "../tables/rule-table.ts";
import { bits, type Family } from "../wire/ip-address.ts";
import { type Prefix, prefixesOfRange } from "../wire/prefix.ts";
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
}

export interface ExposeHalves {
  readonly source: readonly Half[];
  readonly destination: readonly Half[];
}

const NO_DELTA: readonly number[] = [];
export class ExposeCompiler {
  readonly names: Decision[] = [];
  readonly reshapes: ReshapeInit[] = [];
  readonly #modes: ReadonlyMap<string, NatMode>;

  constructor(modes: readonly NatMode[]) {
    this.#modes = new Map(modes.map((mode) => [mode.name, mode]));
  }

  compile(expose: Expose, vpc: string): ExposeHalves {
    const id = this.names.length;
    this.names.push({ label: `expose ${expose.index} of ${vpc}`, place: expose.place });
    if (expose.kind === "nat") return this.#nat(expose, id);
    const entries = expose.kind === "default" ? EXPOSABLE : expose.privates;
    const halves = entries.map((entry) => half(entry, IDENTITY, id, -1));
    return { source: halves, destination: halves };
  }

  #nat(expose: NatExpose, id: number): ExposeHalves {
    const mode = this.#modes.get(expose.mode);
    assert(mode !== undefined, `a checked expose names a mode that exists: ${expose.mode}`);
    const protocol = expose.protocol ?? -1;
    const mapping = mode.build(expose);
    if (mapping !== undefined) {
      return {
        source: mapping.toPublic.map((rule) => this.#mapped(rule, id, protocol)),
        destination: mapping.toPrivate.map((rule) => this.#mapped(rule, id, protocol)),
      };
    }
    const atDestination = mode.canReceive ? STATEFUL : ANSWERS_ONLY;
    return {
      source: mode.canInitiate
        ? expose.privates.map((entry) => half(entry, STATEFUL, id, protocol))
        : [],
      destination: expose.publics.map((entry) => half(entry, atDestination, id, protocol)),
    };
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
    };
  }

  #action(rule: MappingRule): { kind: number; delta: readonly number[] } {
    const { mapping } = rule;
    if (mapping.kind === "reshape") {
      return { kind: RESHAPE, delta: [this.reshapes.push(mapping) - 1] };
    }
    if (mapping.delta === 0n) return { kind: IDENTITY, delta: NO_DELTA };
    return { kind: SHIFT, delta: deltaWords(mapping.delta, rule.family) };
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
