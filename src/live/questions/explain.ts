// What would become of a packet if it came now.

import { systemClock } from "../../base/clock.ts";
import { explainLive, NotTriedError } from "../../insight/explain/explain.ts";
import type { PacketExplanation } from "../../insight/explain/explanation.ts";
import type { Question } from "./question.ts";

export interface ExplainAsked {
  /** VPC. */
  readonly from: string;
  readonly frame: Uint8Array;
  readonly given: string;
}

/** Or why it cannot be told. */
export type ExplainReply = PacketExplanation | { readonly refused: string };

// biome-ignore lint/correctness/useYield: one packet
export const explain: Question<ExplainAsked, ExplainReply> = function* ({ gateway }, asked) {
  try {
    return explainLive(gateway, { ...asked, now: Math.floor(systemClock.now()) });
  } catch (error) {
    if (error instanceof NotTriedError) return { refused: error.message };
    throw error;
  }
};
