// Which drops were sampled since the last time.

import { type NewSamples, newSamples } from "../../insight/drops/new-samples.ts";
import type { Question } from "./question.ts";

export interface DropNewsAsked {
  /** Number of the newest sample that is known; undefined at first. */
  readonly after: number | undefined;
  readonly most: number;
}

export const dropNews: Question<DropNewsAsked, NewSamples> = ({ gateway }, { after, most }) =>
  newSamples(gateway, after, most);
