// What the API of a running gateway says: the types of its own schemas (src/live/routes), so that a
// command that reads what is not there does not compile.

import type { z } from "zod";
import type { ConfigIssue } from "../config/issue.ts";
import type { applied, confirmed, currentConfig } from "../live/routes/config.ts";
import type { dropCell, dropReport, dropSample } from "../live/routes/drops.ts";
import type { explanations } from "../live/routes/explain.ts";
import type { flow, killed } from "../live/routes/flows.ts";
import type { interfaceState } from "../live/routes/interfaces.ts";
import type { neighbor } from "../live/routes/neighbors.ts";
import type { peering } from "../live/routes/peerings.ts";
import type { planReport } from "../live/routes/plan.ts";
import type { pool } from "../live/routes/pools.ts";
import type { counted } from "../live/routes/stats.ts";

/** One page of a list; `next` is the `cursor` of the following one, null at the end. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** RFC 9457. A refused configuration has `issues`. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly issues?: readonly ConfigIssue[];
}

export type ApiFlow = z.infer<typeof flow>;
export type ApiDropCell = z.infer<typeof dropCell>;
export type ApiDrops = z.infer<typeof dropReport>;
export type ApiDropSample = z.infer<typeof dropSample>;
export type ApiPool = z.infer<typeof pool>;
export type ApiPeering = z.infer<typeof peering>;
export type ApiInterface = z.infer<typeof interfaceState>;
export type ApiNeighbor = z.infer<typeof neighbor>;
export type ApiConfig = z.infer<typeof currentConfig>;
export type ApiStats = z.infer<typeof counted>;
export type ApiPlan = z.infer<typeof planReport>;
export type ApiExplanation = z.infer<typeof explanations>;
export type Applied = z.infer<typeof applied>;
export type Confirmed = z.infer<typeof confirmed>;
export type Killed = z.infer<typeof killed>;
