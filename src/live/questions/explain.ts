// What would become of packets if they came now, one after the other.

import { systemClock } from "../../base/clock.ts";
import { explainLive, NotTriedError } from "../../insight/explain/explain.ts";
import type { PacketExplanation } from "../../insight/explain/explanation.ts";
import { type NextPacket, NothingNextError } from "../../insight/explain/next-packet.ts";
import { NotationError } from "../../wire/notation.ts";
import type { Question } from "./question.ts";

export interface ExplainAsked {
  /** A handful: all of them are tried in one piece, so that nobody sees what they do. */
  readonly packets: readonly NextPacket[];
}

/** One for each packet, or a sentence why it cannot be told. */
export type ExplainReply = readonly PacketExplanation[] | { readonly refused: string };

export const explain: Question<ExplainAsked, ExplainReply> = function* ({ gateway }, { packets }) {
  const told: PacketExplanation[] = [];
  try {
    return yield* explainLive(gateway, Math.floor(systemClock.now()), packets, told);
  } catch (error) {
    const which = packets.length > 1 ? `Packet ${told.length + 1}: ` : "";
    return { refused: `${which}${sentenceOf(error)}` };
  }
};

/** Throws what is no packet's fault. */
function sentenceOf(error: unknown): string {
  if (error instanceof NothingNextError) return error.message;
  if (error instanceof NotationError) return `The answer cannot be read: ${error.message}`;
  if (error instanceof NotTriedError) return `This cannot be told: ${error.message}.`;
  throw error;
}
