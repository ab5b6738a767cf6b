// Packets while they pass: begins, goes on, ends. One at a time captures.

import type { CaptureFilter } from "../capture/capture-filter.ts";
import type { Fetched } from "../capture/tap.ts";
import type { Question } from "./question.ts";

export interface CaptureAsked {
  readonly filter: CaptureFilter;
  /** Packets. */
  readonly most: number;
}

export interface CaptureTicket {
  readonly ticket: number;
}

/** Undefined when somebody else captures. */
// biome-ignore lint/correctness/useYield: nothing is walked over
export const openCapture: Question<CaptureAsked, number | undefined> = function* ({ tap }, asked) {
  return tap.open(asked.filter, asked.most);
};

// biome-ignore lint/correctness/useYield: as many as the tap keeps
export const fetchCapture: Question<CaptureTicket, Fetched> = function* ({ tap }, { ticket }) {
  return tap.fetch(ticket);
};

// biome-ignore lint/correctness/useYield: nothing is walked over
export const closeCapture: Question<CaptureTicket, null> = function* ({ tap }, { ticket }) {
  tap.close(ticket);
  return null;
};
