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

/** Those behind the number `after`, at most `most`; without `after` none, to begin with. What comes
 * while it is looking is left for the next time. */
export function* newSamples(
  gateway: Gateway,
  after: number | undefined,
  most: number,
): Work<NewSamples> {
  const { serial, newest } = gateway.parts.drops.ledger.samples;
  if (after === undefined) return { newest, samples: [], others: 0 };
  /** By reason and pair: which sample, and where. */
  const found = new Map<number, { number: number; place: number }>();
  for (const [place, number] of serial.entries()) {
    if (place % PLACES_AT_ONCE === PLACES_AT_ONCE - 1) yield;
    if (number <= after || number > newest) continue;
    const kind = Math.floor(place / SAMPLES_EACH);
    const known = found.get(kind);
    if (known === undefined || known.number < number) found.set(kind, { number, place });
  }
  const chosen = [...found.values()].sort((a, b) => b.number - a.number).slice(0, most);
  yield;
  // Its place may have been given to another.
  const still = chosen.filter(({ number, place }) => serial[place] === number);
  const samples = still.map(({ place }) => readSample(gateway, place));
  samples.sort((a, b) => a.number - b.number);
  return { newest, samples, others: Math.max(0, newest - after - samples.length) };
}
