// The gateway's neighbors, a page at a time: where it has found hosts, routers and VTEPs. A
// neighbor keeps its number as long as it is known, and pages go by numbers: whoever is there all
// the time is listed once, and there is an end, whatever comes and goes meanwhile.

import type { NeighborView } from "../../links/list-neighbors.ts";
import type { Question } from "./question.ts";

export interface NeighborsAsked {
  /** Only of this VPC. */
  readonly vpc?: string | undefined;
  /** `next` of the page before; 0 for the first page. */
  readonly first: number;
  /** Neighbors on the page; at least 1. */
  readonly most: number;
}

export interface NeighborPage {
  readonly items: readonly NeighborView[];
  /** null behind the last one. */
  readonly next: number | null;
}

// What a piece of work may cost: looking at a number is 1. Describing a neighbor takes some
// microseconds.
const PIECE_COST = 512;
const VIEW_COST = 16;

export const neighbors: Question<NeighborsAsked, NeighborPage> = function* (
  { gateway: { links } },
  { vpc, first, most },
) {
  const items: NeighborView[] = [];
  let cost = 0;
  for (let number = first; number < (links?.neighborLimit ?? 0); number++) {
    if (cost >= PIECE_COST) {
      yield;
      cost = 0;
    }
    cost++;
    const neighbor = links?.neighbor(number, vpc);
    if (neighbor === undefined) continue;
    if (items.length === most) return { items, next: number };
    items.push(neighbor);
    cost += VIEW_COST;
  }
  return { items, next: null };
};
