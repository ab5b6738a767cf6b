// Pools of public endpoints: their levels, which are cheap, and all that is known of them.

import { type WatchedPool, watchedPools as watchedOf } from "../../insight/pools/watched.ts";
import { type PoolReport, pools as reportsOf } from "../../insight/pools.ts";
import type { Nothing, Question } from "./question.ts";

export interface PoolsAsked {
  /** Number of the first, from 0 in the order of the configuration. */
  readonly first: number;
  readonly most: number;
}

export const pools: Question<PoolsAsked, readonly PoolReport[]> = ({ gateway }, { first, most }) =>
  reportsOf(gateway, first, most);

export const watchedPools: Question<Nothing, readonly WatchedPool[]> = ({ gateway }) =>
  watchedOf(gateway);
