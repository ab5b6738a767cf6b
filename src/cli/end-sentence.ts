// Why a flow ends, in words.

import { END_REASONS } from "../gateway/gateway.ts";

/** "" for a reason that only a newer gateway knows. */
export function endSentence(reason: string): string {
  return reason in END_REASONS ? END_REASONS[reason as keyof typeof END_REASONS] : "";
}
