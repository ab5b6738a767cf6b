// The interfaces of the gateway as they are now.

import type { InterfaceView } from "../data-path.ts";
import type { Nothing, Question } from "./question.ts";

// biome-ignore lint/correctness/useYield: there are few of them
export const interfaces: Question<Nothing, readonly InterfaceView[]> = function* (dataPath) {
  return dataPath.interfaces();
};
