// Pools of public endpoints: their levels, which are cheap, and all that is known of them.

import { type WatchedPool, watchedPools as watchedOf } from "../../insight/pools/watched.ts";
import { pools as reportsOf } from "../../insight/pools.ts";
import type { DataPath } from "../data-path.ts";
import type { Nothing, Question } from "./question.ts";

export interface PoolsAsked {
  /** The first pool, from 0 on, and how many at most. */
  readonly first: number;
  readonly most: number;
}

export interface PoolPage {
  /** A PoolReport each, as JSON: objects of a hundred addresses each are dear to hand to another
   * thread, which packets would wait for. */
  readonly texts: readonly string[];
  /** null behind the last one. */
  readonly next: number | null;
}

/** Where a page ends before it is full: some 0.7 ms to hand over. */
const CHARACTERS = 1 << 20;

export function* pools(
  { gateway }: Pick<DataPath, "gateway">,
  { first, most }: PoolsAsked,
  characters = CHARACTERS,
): ReturnType<Question<PoolsAsked, PoolPage>> {
  // One more tells whether there is another page.
  const reports = yield* reportsOf(gateway, first, most + 1);
  const texts: string[] = [];
  let length = 0;
  for (const report of reports) {
    if (texts.length === most || length >= characters) return { texts, next: first + texts.length };
    yield;
    const text = JSON.stringify(report);
    texts.push(text);
    length += text.length;
  }
  return { texts, next: null };
}

export const watchedPools: Question<Nothing, readonly WatchedPool[]> = ({ gateway }) =>
  watchedOf(gateway);
