// Answers that are lists: all of it, or a page and where the next one begins.

import { z } from "zod";

export function listOf<T extends z.ZodType>(item: T) {
  const next = z.string().nullable().describe("cursor of the next page; null: this is all");
  return z.strictObject({ items: z.array(item), next });
}

export function whole<T>(items: readonly T[]): { items: T[]; next: null } {
  return { items: [...items], next: null };
}
