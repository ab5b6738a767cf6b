// The gateway's neighbors: where it has found hosts, routers and VTEPs.

import type { NeighborView } from "../../links/list-neighbors.ts";
import type { Nothing, Question } from "./question.ts";

/** Neighbors described between two stops; each takes some microseconds. */
const PIECE = 32;

export const neighbors: Question<Nothing, readonly NeighborView[]> = function* ({ gateway }) {
  const result: NeighborView[] = [];
  for (const neighbor of gateway.links?.neighbors() ?? []) {
    result.push(neighbor);
    if (result.length % PIECE === 0) yield;
  }
  return result;
};
