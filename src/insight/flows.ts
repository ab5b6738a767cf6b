// The flows of a gateway, a page at a time, and the end of some of them. A flow keeps its number as
// long as it lives, and pages go by numbers: whatever comes and goes meanwhile, a flow that is
// there all the time is listed once.

import type { Config, Peering } from "../config/model.ts";
import { type FlowView, viewFlow } from "../gateway/flow-list.ts";
import type { Gateway } from "../gateway/gateway.ts";
import type { FlowTable } from "../tables/flow-table.ts";
import { type FlowFilter, type FlowTest, flowTest } from "./flow-filter.ts";
import type { Work } from "./work.ts";

/** As FlowView, with names of VPCs. */
export interface FlowItem extends Omit<FlowView, "from" | "to"> {
  readonly from: string;
  readonly to: string;
  /** That it goes by; empty when the VPCs are not joined any more. */
  readonly peering: string;
}

export interface FlowPageOptions {
  /** Most flows; at least 1. */
  readonly limit: number;
  /** `next` of the page before; undefined for the first page. */
  readonly cursor?: string | undefined;
}

export interface FlowPage {
  readonly items: readonly FlowItem[];
  /** null behind the last one. */
  readonly next: string | null;
}

// What a piece of work may cost: looking at a flow is 1.
export const PIECE_COST = 512;
const VIEW_COST = 32;
const END_COST = 8;

/** A cursor is a place in both tables, IPv4 first. */
export function isCursor(text: string): boolean {
  return /^\d{1,9}$/.test(text);
}

/** One page of the living flows that `filter` means. */
export function* listFlows(
  gateway: Gateway,
  filter: FlowFilter,
  { limit, cursor = "0" }: FlowPageOptions,
): Work<FlowPage> {
  const items: FlowItem[] = [];
  const nameOf = vpcNames(gateway);
  const peeringOf = peeringNames(gateway);
  let next: number | undefined;
  const first = Number(cursor);
  yield* visit(gateway, filter, first, (table, flow, tick, place) => {
    if (items.length === limit) {
      next = place;
      return STOP;
    }
    const { from, to, ...view } = viewFlow(table, flow, tick);
    const [opener, peer] = [nameOf(from), nameOf(to)];
    items.push({ from: opener, to: peer, peering: peeringOf(opener, peer), ...view });
    return VIEW_COST;
  });
  return { items, next: next === undefined ? null : String(next) };
}

/** Ends the living flows that `filter` means; how many those were. Nothing passes by them any more,
 * and their public endpoints rest before others get them. The next packet may open another flow. */
export function* killFlows(gateway: Gateway, filter: FlowFilter): Work<number> {
  let killed = 0;
  yield* visit(gateway, filter, 0, (table, flow) => {
    table.end(flow, gateway.parts.since);
    killed++;
    return END_COST;
  });
  return killed;
}

const STOP = -1;

/** Is told of a flow that is meant, with its place; its cost, or STOP. */
type Visit = (table: FlowTable, flow: number, tick: number, place: number) => number;

/** Walks over the flows from a place on, and stops for packets now and then. */
function* visit(gateway: Gateway, filter: FlowFilter, from: number, each: Visit): Work<void> {
  const testOf = testByConfig(gateway, filter);
  let place = from;
  let cost = 0;
  for (const number of [0, 1] as const) {
    const table = gateway.parts.flows.tables[number];
    const first = number * table.capacity;
    let isMeant = testOf();
    let { tick } = gateway.parts;
    for (place = Math.max(place, first); place - first < table.used; place++) {
      if (cost >= PIECE_COST) {
        yield;
        cost = 0;
        isMeant = testOf();
        tick = gateway.parts.tick;
      }
      cost++;
      const flow = place - first;
      if (table.state(flow) === 0 || !table.alive(2 * flow, tick)) continue;
      if (!isMeant(table, flow, tick)) continue;
      const more = each(table, flow, tick, place);
      if (more === STOP) return;
      cost += more;
    }
  }
}

/** The configuration may be another after a stop, and the VNIs of its VPCs too. */
function testByConfig(gateway: Gateway, filter: FlowFilter): () => FlowTest {
  let config: Config | undefined;
  let test: FlowTest | undefined;
  return () => {
    const now = gateway.parts.config;
    if (test === undefined || now !== config) test = flowTest(filter, now);
    config = now;
    return test;
  };
}

function vpcNames(gateway: Gateway): (vni: number) => string {
  let config: Config | undefined;
  let names = new Map<number, string>();
  return (vni) => {
    const now = gateway.parts.config;
    if (now !== config) names = new Map(now?.vpcs.map(({ vni, name }) => [vni, name]));
    config = now;
    return names.get(vni) ?? `VNI ${vni}`;
  };
}

/** Two VPCs are joined by one peering at most. */
function peeringNames(gateway: Gateway): (one: string, other: string) => string {
  let config: Config | undefined;
  let names = new Map<string, string>();
  return (one, other) => {
    const now = gateway.parts.config;
    if (now !== config) names = new Map(now?.peerings.flatMap(namesBySides));
    config = now;
    return names.get(`${one} ${other}`) ?? "";
  };
}

function namesBySides({ name, sides: [one, other] }: Peering): [string, string][] {
  return [
    [`${one.vpc} ${other.vpc}`, name],
    [`${other.vpc} ${one.vpc}`, name],
  ];
}
