// All that is fuzzed.

import type { Target } from "./target.ts";
import { captures } from "./targets/captures.ts";
import { configurations } from "./targets/configurations.ts";
import { fastPath } from "./targets/fast-path.ts";
import { notation } from "./targets/notation.ts";
import { packets } from "./targets/packets.ts";
import { stories } from "./targets/stories.ts";

/** What kind of inputs a target has is its own business. */
export const targets = [
  packets,
  fastPath,
  captures,
  configurations,
  notation,
  stories,
] as unknown as readonly Target<unknown>[];
