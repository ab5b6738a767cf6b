// Packets while they pass: begins, goes on, ends. One at a time captures.

import type { CaptureFilter } from "../capture/capture-filter.ts";
import type { Fetched } from "../capture/tap.ts";
import type { Question } from "./question.ts";

export interface CaptureAsked {
  readonly filter: CaptureFilter;
  /** Packets. */
  readonly most: number;
}

/** Whose capture it is. */
export interface CaptureTicket {
  readonly ticket: number;
}

/** When it has begun; null when somebody else captures. */
export const openCapture: Question<CaptureAsked, CaptureTicket | null> =
  // biome-ignore lint/correctness/useYield: nothing is walked over
  function* ({ tap }, { filter, most }) {
    return tap.isOpen ? null : { ticket: tap.open(filter, most) };
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
