// The interfaces of the gateway as they are now.

import type { InterfaceView } from "../data-path.ts";
import type { Question } from "./question.ts";

// biome-ignore lint/correctness/useYield: there are few of them
export const interfaces: Question<Record<string, never>, readonly InterfaceView[]> = function* (
  dataPath,
) {
  return dataPath.interfaces();
};
