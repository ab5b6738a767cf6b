// The samples of drops that came since somebody looked.

import type { Gateway } from "../../gateway/gateway.ts";
import { SAMPLES_EACH } from "../../pipeline/drop-samples.ts";
import type { Work } from "../work.ts";
import { type DropSample, readSample } from "./samples.ts";

export interface NewSamples {
  /** Number of the newest there is; 0 before the first. */
  readonly newest: number;
  /** The oldest first. Of each reason and pair of VPCs the newest alone. */
  readonly samples: readonly DropSample[];
  /** Samples that came and are not among them. */
  readonly others: number;
}

const PLACES_AT_ONCE = 256;

/** Those behind the number `after`, at most `most`; without `after` none, to begin with. */
export function* newSamples(
  gateway: Gateway,
  after: number | undefined,
  most: number,
): Work<NewSamples> {
  const { serial } = gateway.parts.drops.ledger.samples;
  let newest = 0;
  /** By reason and pair. */
  const places = new Map<number, number>();
  for (const [place, number] of serial.entries()) {
    if (place % PLACES_AT_ONCE === PLACES_AT_ONCE - 1) yield;
    newest = Math.max(newest, number);
    if (after === undefined || number <= after) continue;
    const kind = Math.floor(place / SAMPLES_EACH);
    const known = places.get(kind);
    if (known === undefined || serial[known]! < number) places.set(kind, place);
  }
  const chosen = [...places.values()].sort((a, b) => serial[b]! - serial[a]!).slice(0, most);
  yield;
  const samples = chosen.map((place) => readSample(gateway, place));
  samples.sort((a, b) => a.number - b.number);
  const others = after === undefined ? 0 : Math.max(0, newest - after - samples.length);
  return { newest, samples, others };
}
