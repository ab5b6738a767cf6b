// Packets while they pass: begins, goes on, ends. One at a time captures.

import type { CaptureFilter } from "../capture/capture-filter.ts";
import type { Fetched } from "../capture/tap.ts";
import type { Nothing, Question } from "./question.ts";

export interface CaptureAsked {
  readonly filter: CaptureFilter;
  /** Packets. */
  readonly most: number;
}

/** Whether it has begun: false when somebody else captures. */
// biome-ignore lint/correctness/useYield: nothing is walked over
export const openCapture: Question<CaptureAsked, boolean> = function* ({ tap }, { filter, most }) {
  if (tap.isOpen) return false;
  tap.open(filter, most);
  return true;
};

// biome-ignore lint/correctness/useYield: as many as the tap keeps
export const fetchCapture: Question<Nothing, Fetched> = function* ({ tap }) {
  return tap.fetch();
};

// biome-ignore lint/correctness/useYield: nothing is walked over
export const closeCapture: Question<Nothing, null> = function* ({ tap }) {
  tap.close();
  return null;
};
