// What a configuration would do to each flow that there is.

import type { Config } from "../../config/model.ts";
import { type Compiled, compileInPieces } from "../../gateway/compile.ts";
import type { EndReason } from "../../gateway/end-reason.ts";
import type { Gateway } from "../../gateway/gateway.ts";
import { Revalidator } from "../../gateway/revalidate.ts";
import { natModes } from "../../nat/modes.ts";
import { Refusals } from "../../nat/refusals.ts";
import type { FlowTable } from "../../tables/flow-table.ts";
import type { Work } from "../work.ts";
import { PoolNeeds } from "./pool-needs.ts";
import type { Fates, PeeringFates, PoolNeed } from "./report.ts";

/** Flows asked about without a pause: some 0.1 ms. */
const PIECE = 64;
/** Free rows passed over likewise. */
const ROWS = 4096;

export interface FlowPlan {
  readonly generation: number;
  readonly flows: Fates;
  readonly peerings: readonly PeeringFates[];
  readonly pools: readonly PoolNeed[];
}

/** Begins anew when another configuration is applied in the middle. */
export function* planFlows(gateway: Gateway, config: Config): Work<FlowPlan> {
  // Pools that are only planned have no counts to go on with.
  const nat = { ...gateway.parts.flows.nat, refusals: new Refusals() };
  // Neither ways out nor timers decide whether a flow stays.
  const tools = { modes: natModes, nat, timersOf: () => 0 };
  const compiled = yield* compileInPieces(config, tools);
  for (;;) {
    const { generation } = gateway;
    const plan = yield* askAll(gateway, compiled, generation);
    if (plan !== undefined) return plan;
  }
}

/** Undefined: another configuration came. */
function* askAll(
  gateway: Gateway,
  { snapshot, names }: Compiled,
  generation: number,
): Work<FlowPlan | undefined> {
  const { flows } = gateway.parts;
  const today = gateway.parts.names;
  const whole = { ...snapshot, generation: 0, interfaceVpcs: new Int32Array(0) };
  const revalidator = new Revalidator(whole);
  const needs = new PoolNeeds(whole, names, flows.nat.mappings);
  const all = new Tally();
  const tallies = new Map<string, Tally>();
  for (const table of flows.tables) {
    let asked = 0;
    for (let flow = 0; flow < table.used; flow++) {
      if (asked === PIECE || flow % ROWS === 0) {
        asked = 0;
        yield;
        if (gateway.generation !== generation) return undefined;
      }
      if (table.state(flow) === 0 || !table.alive(2 * flow, gateway.parts.tick)) continue;
      asked++;
      const reason = revalidator.ask(table, flow);
      needs.add(revalidator.asked, reason);
      all.add(reason);
      const { peering } = today.directions[directionOf(table, flow)]!;
      const tally = tallies.get(peering) ?? new Tally();
      tallies.set(peering, tally);
      tally.add(reason);
    }
  }
  const peerings = Array.from(tallies, ([peering, tally]) => ({ peering, ...tally.fates() }));
  peerings.sort((a, b) => (a.peering < b.peering ? -1 : 1));
  return { generation, flows: all.fates(), peerings, pools: needs.report() };
}

function directionOf({ layout, slab }: FlowTable, flow: number): number {
  return slab.words[2 * flow * layout.words + layout.direction]!;
}

/** Why a flow that ends may go on otherwise translated. */
const OTHERWISE: ReadonlySet<EndReason> = new Set(["other-source", "other-destination"]);

class Tally {
  #kept = 0;
  readonly #reasons: Partial<Record<EndReason, number>> = {};

  add(reason: EndReason | undefined): void {
    if (reason === undefined) this.#kept++;
    else this.#reasons[reason] = (this.#reasons[reason] ?? 0) + 1;
  }

  fates(): Fates {
    const counts = { retranslated: 0, ended: 0 };
    for (const [reason, count] of Object.entries(this.#reasons)) {
      counts[OTHERWISE.has(reason as EndReason) ? "retranslated" : "ended"] += count;
    }
    return { kept: this.#kept, ...counts, reasons: this.#reasons };
  }
}
