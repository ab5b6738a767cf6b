// The counters of the drop ledger, one by one and in pieces.

import type { Gateway } from "../../gateway/gateway.ts";
import type { Work } from "../work.ts";
import { type DropCell, readCell, readOthers } from "./report.ts";

export type { DropCell } from "./report.ts";

/** Counters read between two stops. */
const CELLS_AT_ONCE = 128;

/** Together they are all dropped packets. Some may be alike; of what is counted by its reason
 * alone, step and interface are empty. */
export function* dropCells(gateway: Gateway): Work<DropCell[]> {
  const { cells, others } = gateway.parts.drops.ledger;
  const result: DropCell[] = [];
  for (let cell = 0; cell < cells.count; cell++) {
    if (cell % CELLS_AT_ONCE === CELLS_AT_ONCE - 1) yield;
    result.push(readCell(gateway, cell));
  }
  for (const { reason, count } of readOthers(others)) {
    result.push({ reason, count, step: "", interface: "", from: null, to: null });
  }
  return result;
}
