// Values in queries: text that means something else.

import { z } from "zod";

/** A whole number in decimal digits. */
export function wholeNumber(min: number, max: number, description: string) {
  return z
    .string()
    .refine(
      (text) => /^\d{1,10}$/.test(text) && Number(text) >= min && Number(text) <= max,
      `must be a whole number from ${min} to ${max}`,
    )
    .transform(Number)
    .meta({ description, type: "integer", minimum: min, maximum: max });
}

/** "true" or "false". */
export function yesOrNo(description: string) {
  return z
    .enum(["true", "false"])
    .transform((text) => text === "true")
    .meta({ description });
}
